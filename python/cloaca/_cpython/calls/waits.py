"""Waits that can be ended from outside: for an answer of the engine, and for a time.

A thread that waits in C does not notice an exception that it has to raise, and the main thread notices only signals. So
a call that waits on another thread waits here, where a stop can end it.
"""

from __future__ import annotations

import _thread
import sys
import threading
import time
from typing import Any, Callable, Optional

from ..._border.stops import Cancelled, DeadlineExceeded


class Stop:
    """Reason to stop a call: it is overdue, or it was cancelled."""

    __slots__ = ("reason", "is_cancelled")

    def __init__(self, reason: str, is_cancelled: bool) -> None:
        self.reason = reason
        self.is_cancelled = is_cancelled

    def error(self) -> BaseException:
        """Returns the exception for the reason."""
        return Cancelled(self.reason) if self.is_cancelled else DeadlineExceeded(self.reason)


class Wait:
    """Single wait of one thread. An answer or a stop ends it, once."""

    __slots__ = ("answer", "_lock", "_rights")

    def __init__(self) -> None:
        self.answer: Any = None
        self._lock = _thread.allocate_lock()
        self._lock.acquire()
        self._rights = [None]

    def settle(self, answer: Any) -> bool:
        """Ends the wait. Returns False if it has already ended."""
        try:
            self._rights.pop()
        except IndexError:
            return False
        self.answer = answer
        self._lock.release()
        return True

    def wait(self, timeout_s: float = -1) -> Any:
        """Returns the answer, or None if the time is over first. Raises the exception of a stop."""
        self._lock.acquire(True, timeout_s)
        if type(self.answer) is Stop:
            raise self.answer.error()
        return self.answer


def replace_sleep(begin: Callable[[Wait], bool], end: Callable[[], None]) -> None:
    """Makes ``time.sleep`` use such a wait if ``begin`` returns True, because the thread's call can be stopped."""
    sleep = time.sleep

    def sleep_in_call(seconds: float, /) -> None:
        if type(seconds) not in (int, float) or not 0 < seconds < threading.TIMEOUT_MAX:
            return sleep(seconds)
        wait = Wait()
        if not begin(wait):
            return sleep(seconds)
        try:
            wait.wait(seconds)
        finally:
            end()

    sleep_in_call.__name__ = sleep_in_call.__qualname__ = "sleep"
    sleep_in_call.__doc__, sleep_in_call.__module__ = sleep.__doc__, "time"
    time.sleep = sleep_in_call  # type: ignore[assignment]


class _Waiter:
    """Lock for ``threading.Condition`` that is acquired and then waited for, with a wait that can be ended."""

    __slots__ = ("_await", "_wait")

    def __init__(self, await_: Callable[[Wait, float], Any]) -> None:
        self._await = await_
        self._wait: Optional[Wait] = None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self._wait is None:
            self._wait = Wait()
            return True
        if not blocking or self._wait.answer is not None:
            return self._wait.answer is not None
        return self._await(self._wait, timeout) is not None

    def release(self) -> None:
        if self._wait is not None:
            self._wait.settle(True)


def replace_waiters(waiter_of_caller: Callable[[], Optional[Callable[[Wait, float], Any]]]) -> None:
    """Makes conditions use such waits, and with them events, queues, semaphores, barriers and futures.

    ``waiter_of_caller`` returns the function that the calling thread waits with if its call can be stopped, else None.
    """
    allocate = threading._allocate_lock  # type: ignore[attr-defined]
    waiting = threading.Condition.wait.__code__

    def allocate_lock() -> Any:
        # A process that is forked in a call also creates other kinds of locks by this name.
        wait = waiter_of_caller() if sys._getframe(1).f_code is waiting else None
        return allocate() if wait is None else _Waiter(wait)

    threading._allocate_lock = allocate_lock  # type: ignore[attr-defined]
