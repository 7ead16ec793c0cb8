"""Engine of this process: started by the first call that needs it, and stopped with the program.

There is at most one engine at a time. If it dies, all waiting calls get one RuntimeError, and the next runner starts
another engine. A forked child has no engine, and starts its own.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, Dict, Optional

from ..._border import host, runners, stacks
from ..._border.generation import PROGRAM
from ..._declarations import ledger
from ..calls import threads
from ..channel import helpers, lines
from ..channel.build import package_digest
from . import command, output
from .process import EngineProcess

if TYPE_CHECKING:
    from .session import ProgramSession

#: A cold start of Node on a busy machine takes seconds.
_ANSWERS_WITHIN_S = 60.0
#: Maximum time that the end of a program waits for its runners, and for the end of the lines.
_ENDS_WITHIN_S = 7.0
_DIES_WITHIN_S = 2.0

_starting = threading.RLock()
_current: Optional[_Engine] = None


class _Engine:
    """One engine, from its start to its end."""

    def __init__(self) -> None:
        self._process = EngineProcess(command.find())
        self._session: Optional[ProgramSession] = None
        self._start: Dict[str, Any] = {}
        self._answered = threading.Event()
        self._has_begun = False
        #: Reason why it cannot be used, if the lines ended before it was ready.
        self._failure = ""
        self._ending = threading.Lock()
        self._is_over = False
        self._owner = os.getpid()

    @property
    def pid(self) -> int:
        """Number of the engine's process."""
        return self._process.pid

    def begin(self) -> None:
        """Waits for the engine and connects the program to it. Raises RuntimeError if that fails."""
        # Computed while Node starts, which takes longer.
        from ..process import hello
        from .session import ProgramSession

        process = self._process
        numbers = (os.dup(process.messages), os.dup(process.messages), os.dup(process.control))
        to_engine = lines.Lines(*numbers, self._hung_up)
        self._lines = to_engine
        try:
            to_engine.send({**hello(package_digest(), None), "stopSignal": None})
            to_engine.listen(self._receive, self._controlled)
            self._await_answer()
            self._session = ProgramSession(to_engine, self._start, self._answered.set)
            self._session.begin()
            self._await_answer()
            self._has_begun = True
        except BaseException:
            self._is_over = True
            host.disconnect()
            if self._session is not None:
                self._session.lose("The cloaca engine did not start")
            self._release(0.0)
            raise

    def _await_answer(self) -> None:
        if not self._answered.wait(_ANSWERS_WITHIN_S):
            raise RuntimeError(f"The cloaca engine did not answer within {_ANSWERS_WITHIN_S:.0f} s")
        if self._failure:
            raise RuntimeError(self._failure)
        self._answered.clear()

    def hang_up(self) -> None:
        """Closes the lines, as if the engine had closed them."""
        self._process.hang_up()

    def end(self) -> None:
        """Stops the engine in order."""
        with self._ending:
            if self._is_over:
                return
            self._is_over = True
        assert self._session is not None
        self._session.say_ended()
        if not self._process.wait(_ENDS_WITHIN_S):
            print(f"[cloaca] the engine did not end within {_ENDS_WITHIN_S:.0f} s, and was killed", file=sys.stderr)
        host.disconnect()
        self._session.close()
        self._release(0.0)

    def forget(self) -> None:
        """Releases the engine in a forked child, because it belongs to the parent."""
        self._is_over = True
        self._process.forget()

    def _receive(self, message: Dict[str, Any]) -> None:
        try:
            if self._session is not None:
                self._session.receive(message)
            elif message["type"] == "start" and not self._start:
                self._start = message["data"]
                self._answered.set()
            else:
                raise ValueError(f'received "{message["type"]}" before "start"')
        except (ValueError, LookupError, TypeError) as error:
            self._hung_up(f"{type(error).__name__}: {error}")

    def _controlled(self, operation: int, argument: int) -> None:
        if self._session is not None:
            self._session.controlled(operation, argument)

    def _hung_up(self, reason: str) -> None:
        """Handles the unexpected end of the lines. Called by the thread that notices it."""
        with self._ending:
            if self._is_over:
                return
            self._is_over = True
        why = self._process.why_ended() if not reason else f"sent an invalid message: {reason}"
        if not self._has_begun or self._session is None:
            self._failure = f"The cloaca engine did not start: it {why}"
            self._answered.set()
            return
        _gone(self)
        reason = f"The cloaca engine {why}. A new DefaultRunner starts another engine"
        runners.lose_all(reason)
        self._session.lose(reason)
        self._release(_DIES_WITHIN_S)

    def _release(self, within_s: float) -> None:
        self._process.end(within_s)
        self._lines.close()


def start() -> None:
    """Starts the engine, unless it is already running.

    Raises:
        RuntimeError: The engine cannot be found, does not start, or has another version than this package.
    """
    global _current
    with _starting:
        if host.is_connected:
            return
        ledger.expect_another_engine()
        helpers.failed = _hang_up
        engine = _Engine()
        engine.begin()
        _current = engine


def end() -> None:
    """Stops the engine with the program. Called after its runners were shut down."""
    global _current
    with _starting:
        engine, _current = _current, None
    if engine is not None:
        with contextlib.suppress(OSError):
            engine.end()


def pid() -> Optional[int]:
    """Returns the number of the engine's process, or None if there is no engine."""
    return None if _current is None else _current.pid


def _hang_up() -> None:
    """Disconnects the engine after one of its helper threads failed. The program continues without it."""
    if _current is not None:
        _current.hang_up()


def _gone(engine: _Engine) -> None:
    global _current
    host.disconnect()
    if _current is engine:
        _current = None


def _after_fork() -> None:
    global _current, _starting
    engine, _current = _current, None
    _starting = threading.RLock()
    if engine is None:
        return
    engine.forget()
    host.disconnect()
    threads.enter(stacks.Stack(0, PROGRAM, call=stacks.NO_CALL))
    output.after_fork()
    ledger.after_fork()
    runners.lose_all(
        f"The runner belongs to process {engine._owner}, which forked this process. "
        "Open another DefaultRunner here"
    )


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
