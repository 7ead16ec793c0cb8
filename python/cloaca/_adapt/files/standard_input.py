"""``sys.stdin``: a read suspends only the waiting stack, other stacks continue, and signals interrupt the wait.

Pyodide's ``sys.stdin`` (seen in 314.0.7) blocks the only thread until a line arrives. Can be deleted when Pyodide can
wait there.

Proved by ``test/scenarios/terminal.test.ts``.
"""

from __future__ import annotations

import builtins
import io
import os
import sys
from typing import Any, Dict

from ..._border import bridge
from ..builtin import builtin

_c_input = builtins.input


class _RawInput(io.RawIOBase):
    """Raw input of descriptor 0, which the host reads."""

    name = "<stdin>"
    mode = "rb"

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        self._check_open()
        return 0

    def isatty(self) -> bool:
        self._check_open()
        return os.isatty(0)

    def readinto(self, buffer: Any) -> int:
        self._check_open()
        view = memoryview(buffer).cast("B")
        data = bridge.read_input(len(view)) if bridge.can_wait() else os.read(0, len(view))
        view[: len(data)] = data
        return len(data)

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file.")


def ask(prompt: object = "", /) -> str:
    """Read a string from standard input. The trailing newline is stripped."""
    if sys.stdin is not sys.__stdin__ or sys.stdout is not sys.__stdout__ or sys.stdin is None:
        return _c_input(prompt)
    print(prompt, end="", flush=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError("EOF when reading a line")
    return line.removesuffix("\n")


def install(settings: Dict[str, Any]) -> None:
    encoding, _, errors = settings["python"]["environ"].get("PYTHONIOENCODING", "").partition(":")
    reader = io.BufferedReader(_RawInput())
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(  # type: ignore[misc]
        reader, encoding or "utf-8", errors or "strict", line_buffering=os.isatty(0)
    )
    if os.isatty(0):
        builtins.input = builtin(ask, "builtins", "input")
