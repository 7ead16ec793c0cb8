"""The engine as a child process of a program: started with two sockets, ended with the program, and why it ended.

What is said on its lines is the business of ``session``. The engine's stdout and stderr are a file without a name: what
it says there before it begins, or as it dies, is the reason that a program is told.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import subprocess
import tempfile
from typing import IO, List, Optional

#: As much of what an engine says at its end as a person wants to read.
_MOST_SHOWN = 4_000
_DIES_WITHIN_S = 2.0


class EngineProcess:
    """One engine, which has its end of the lines from the beginning."""

    def __init__(self, command: List[str]) -> None:
        """Starts it.

        Raises:
            RuntimeError: There is no such program, or it may not be run.
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
        """Of its process."""
        return self._process.pid

    @property
    def messages(self) -> int:
        """The descriptor of the program's end of the messages, both ways."""
        return self._messages.fileno()

    @property
    def control(self) -> int:
        """The descriptor of the program's end of the control records."""
        return self._control.fileno()

    def hang_up(self) -> None:
        """Ends the lines: who reads them sees their end, on both sides."""
        for line in (self._messages, self._control):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def wait(self, limit_s: float) -> bool:
        """Waits for its end. False when it has not come within the limit."""
        try:
            self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, within_s: float) -> None:
        """Hangs up, and sees to it that the process is gone. Its resources are free after that."""
        self.hang_up()
        if not self.wait(within_s):
            self._process.kill()
            self.wait(_DIES_WITHIN_S)
        self._close()

    def forget(self) -> None:
        """Lets go of it in a process that was forked from the one that had started it."""
        self._close()
        self._process.returncode = 0  # else it is taken for a child of this process

    def why_ended(self, within_s: float = _DIES_WITHIN_S) -> str:
        """How it has ended, and what it said: goes on from "the engine"."""
        if not self.wait(within_s):
            self._process.kill()
            return f"hung up and did not end (started with `{self._shown}`)"
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
            self._output.seek(max(0, size - _MOST_SHOWN))
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
        return None  # there is no folder for it: what the engine says is lost


def _copy_of_stderr() -> Optional[int]:
    """Where the engine writes log lines; None where the program has no stderr."""
    try:
        return os.dup(2)
    except OSError:
        return None
