"""Writes the output of served scripts to a standard stream without ever waiting.

The twin of ``outlet.ts`` and ``whole-lines.ts``. Output that cannot be written now (to a pipe without a reader, or a
full disk) is kept up to a limit, and written as soon as possible. Output above the limit is lost and counted. Lines are
written whole, with a prefix that names their task if configured.
"""

from __future__ import annotations

import os
import select
import time
from typing import Callable, Dict, List

_LIMIT_BYTES = 1024 * 1024
#: Number of bytes that a pipe accepts as a whole or not at all.
_PIECE_BYTES = 4096
#: Time after which an incomplete line is written, unless it is completed or its call ends before.
_HELD_FOR_S = 1.0
_MAX_HELD_BYTES = 65_536
#: Time that the final output waits for a reader that does not read.
_STALLED_AFTER_S = 0.25
RETRY_S = 0.02


class Outlet:
    """Output to one standard stream. ``notice`` receives messages about lost output."""

    def __init__(self, descriptor: int, notice: Callable[[str], None], prefix_of: Callable[[int], str]) -> None:
        self._descriptor = descriptor
        self._name = "stdout" if descriptor == 1 else "stderr"
        self._notice = notice
        self._prefix_of = prefix_of if os.isatty(descriptor) else lambda token: ""
        self._waiting: List[bytes] = []
        self._waiting_bytes = 0
        self._lost_bytes = 0
        self._reason = ""
        self._held: Dict[int, bytes] = {}
        self._held_since = 0.0
        self._always_writable = False

    @property
    def is_behind(self) -> bool:
        """Whether output is kept because it cannot be written, or because its line is incomplete."""
        return bool(self._waiting or self._held)

    def move(self, descriptor: int) -> None:
        """Uses another descriptor of the same stream from now on."""
        self._descriptor = descriptor

    def print(self, token: int, data: bytes) -> None:
        """Prints output of a call. The token 0 means that it belongs to no call."""
        data = self._held.pop(token, b"") + data
        end = data.rfind(b"\n") + 1
        if end > 0:
            self._let_out(token, data[:end])
        if end < len(data):
            if not self._held:
                self._held_since = time.monotonic()
            self._held[token] = data[end:]
            if len(data) - end > _MAX_HELD_BYTES:
                self.ended(token)

    def ended(self, token: int) -> None:
        """Writes the incomplete line of a call that has ended."""
        held = self._held.pop(token, None)
        if held is not None:
            self._let_out(token, held + b"\n")

    def check(self) -> None:
        """Writes kept output, and incomplete lines that are too old."""
        if self._held and time.monotonic() - self._held_since > _HELD_FOR_S:
            for token in list(self._held):
                self.ended(token)
        if self._waiting:
            self._write_out()

    def drain(self) -> None:
        """Writes kept output as long as the reader accepts it."""
        for token in list(self._held):
            self.ended(token)
        stalled_at, before = time.monotonic() + _STALLED_AFTER_S, self._waiting_bytes
        while self._waiting and time.monotonic() < stalled_at:
            self._write_out()
            if self._waiting_bytes != before:
                stalled_at, before = time.monotonic() + _STALLED_AFTER_S, self._waiting_bytes
            if self._waiting:
                time.sleep(RETRY_S)
        self._lost_bytes += self._waiting_bytes
        self._waiting, self._waiting_bytes = [], 0
        self._report_loss()

    def _let_out(self, token: int, lines: bytes) -> None:
        prefix = self._prefix_of(token).encode(errors="replace")
        if prefix:
            lines = b"".join(prefix + line for line in lines.splitlines(keepends=True))
        written = 0 if self._waiting else self._attempt(lines)
        if written == len(lines):
            return
        # The rest of a partial write is kept even above the limit, so that no line is split.
        if written == 0 and self._waiting_bytes + len(lines) > _LIMIT_BYTES:
            self._lost_bytes += len(lines)
        else:
            self._waiting.append(lines[written:])
            self._waiting_bytes += len(lines) - written

    def _write_out(self) -> None:
        data = b"".join(self._waiting)
        written = self._attempt(data)
        self._waiting_bytes -= written
        self._waiting = [data[written:]] if written < len(data) else []
        if not self._waiting:
            self._report_loss()

    def _report_loss(self) -> None:
        if self._lost_bytes:
            lost, self._lost_bytes = self._lost_bytes, 0
            missing = f"{lost} bytes of script output are missing on {self._name}"
            self._notice(f"{missing}, because writing them failed: {self._reason}")

    def _attempt(self, data: bytes) -> int:
        """Writes as many bytes as possible without waiting, and returns their number."""
        view, written = memoryview(data), 0
        try:
            while written < len(view):
                if not self._is_writable():
                    self._reason = "EAGAIN"
                    break
                written += os.write(self._descriptor, view[written : written + _PIECE_BYTES])
        except OSError as error:
            self._reason = str(error.strerror)
        return written

    def _is_writable(self) -> bool:
        if self._always_writable:
            return True
        try:
            poll = select.poll()
            poll.register(self._descriptor, select.POLLOUT)
            return bool(poll.poll(0))
        except (AttributeError, OSError):
            self._always_writable = True
            return True
