"""The engine as a child process of a program: starts it with two sockets, stops it, and tells why it ended.

``session`` handles the messages. Stdout and stderr of the engine are a file without a name. If the engine does not
start, or dies, the text in that file is the reason that the program reports.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import subprocess
import tempfile
from typing import IO, List, Optional

#: Maximum number of bytes of the engine's output in an error message.
_MAX_SHOWN = 4_000
_DIES_WITHIN_S = 2.0


class EngineProcess:
    """One engine process, which has its ends of the lines from the start."""

    def __init__(self, command: List[str]) -> None:
        """Starts the process.

        Raises:
            RuntimeError: The program does not exist, or may not be executed.
        """
        self._command = command
        self._output = _nameless_file()
        self._messages, messages = socket.socketpair()
        self._control, control = socket.socketpair()
        log = _copy_of_stderr()
        words = ["engine", "--lines", f"{messages.fileno()},{control.fileno()}"]
        handed = [messages.fileno(), control.fileno()]
        if log is not None:
            words += ["--log", str(log)]
            handed.append(log)
        output = subprocess.DEVNULL if self._output is None else self._output
        try:
            self._process = subprocess.Popen(
                [*command, *words], stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=handed
            )
        except (OSError, ValueError) as error:
            self._close()
            reason = error.strerror if isinstance(error, OSError) else error
            raise RuntimeError(f"The cloaca engine cannot be started with `{self._shown}`: {reason}") from None
        except BaseException:
            self._close()
            raise
        finally:
            messages.close()
            control.close()
            if log is not None:
                os.close(log)

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def messages(self) -> int:
        """Descriptor of the program's end of the messages, in both directions."""
        return self._messages.fileno()

    @property
    def control(self) -> int:
        """Descriptor of the program's end of the control records."""
        return self._control.fileno()

    def hang_up(self) -> None:
        """Closes the lines in both directions, so that both sides read their end."""
        for line in (self._messages, self._control):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def wait(self, limit_s: float) -> bool:
        """Waits for the end of the process. Returns False if the limit was reached first."""
        try:
            self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, within_s: float) -> None:
        """Closes the lines, makes sure that the process has ended, and releases its resources."""
        self.hang_up()
        if not self.wait(within_s):
            self._process.kill()
            self.wait(_DIES_WITHIN_S)
        self._close()

    def forget(self) -> None:
        """Releases the resources in a process that was forked from the one that started the engine."""
        self._close()
        self._process.returncode = 0  # else subprocess treats it as a child of this process

    def why_ended(self, within_s: float = _DIES_WITHIN_S) -> str:
        """Returns how the process ended, with its output. The text continues a sentence that begins "the engine"."""
        if not self.wait(within_s):
            self._process.kill()
            return f"closed its connection but did not exit (started with `{self._shown}`)"
        code = self._process.returncode
        how = f"ended with exit code {code}" if code >= 0 else f"was killed by signal {-code}"
        said = self._last_words()
        if not said:
            return f"{how} (started with `{self._shown}`)"
        return f"{how}: {said}" if "\n" not in said else f"{how}:\n{said}"

    @property
    def _shown(self) -> str:
        return " ".join(shlex.quote(word) for word in self._command)

    def _last_words(self) -> str:
        if self._output is None:
            return ""
        try:
            size = self._output.seek(0, os.SEEK_END)
            self._output.seek(max(0, size - _MAX_SHOWN))
            return self._output.read().decode(errors="replace").strip()
        except (OSError, ValueError):
            return ""

    def _close(self) -> None:
        self._messages.close()
        self._control.close()
        if self._output is not None:
            self._output.close()


def _nameless_file() -> Optional[IO[bytes]]:
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return None  # there is no folder for it, so the output of the engine is lost


def _copy_of_stderr() -> Optional[int]:
    """Returns a descriptor for log lines of the engine, or None if the program has no stderr."""
    try:
        return os.dup(2)
    except OSError:
        return None
