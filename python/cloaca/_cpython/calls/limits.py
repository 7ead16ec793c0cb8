"""Stops an overdue or cancelled call, whatever it is doing.

On the main thread, the handler of a signal raises the exception, also in ``sleep``, ``recv`` and a lock. On another
thread, an asynchronous exception is raised between two steps of Python, and waits of ``waits`` are ended. If neither
works, because the call waits or computes in C, the engine kills the process a second later.

A thread calls `enter` when a call begins, and `leave` when it has ended and can no longer be stopped.
"""

from __future__ import annotations

import collections
import signal
import threading
import time
from typing import Any, Callable, Deque, List, Optional

from ..._border.stacks import Stack
from ..._border.stops import Cancelled, DeadlineExceeded
from . import threads
from .waits import Stop, Wait

#: Time that a stopped call has to clean up before it is stopped again.
_AGAIN_AFTER_S = 0.1

#: Time within which messages of the engine are read after the main thread lets other threads run.
_HEARD_WITHIN_S = 0.02

_pause = time.sleep


def _stop_signal() -> int:
    """Returns a signal that scripts do not use, and that does not end the programs that they start."""
    first = getattr(signal, "SIGRTMIN", None)
    return signal.SIGURG if first is None else int(first) + 9


class CallThread:
    """Thread on which calls run, one after the other."""

    def __init__(self, is_main: bool) -> None:
        self.ident = threading.get_ident()
        self.is_main = is_main
        #: Token of the running call, or 0 while nothing can be stopped.
        self.token = 0
        self.since = 0.0
        #: Skipped polls that were not reported to the engine yet.
        self.skipped: Deque[int] = collections.deque()
        #: Stop of the call with the token in ``stopped_token``.
        self.stop: Optional[Stop] = None
        self.stopped_token = 0
        #: Whether the handler of the signal has to raise the stop. It raises each stop that `tell` signals once.
        self.is_signalled = False
        self._wait: Optional[Wait] = None
        self._told_at = 0.0
        self._is_telling = self._is_told = False
        self._before: Optional[Stack] = None
        _local.thread = self

    def enter(self, token: int, stack: Stack) -> None:
        """Begins a call on this thread."""
        self._before = threads.enter(stack)
        self.stop = None
        self.is_signalled = False
        self._told_at = 0.0
        self.since = time.monotonic()
        self.token = token

    def leave(self) -> None:
        """Ends the call. If a stop interrupts this method, it has to be called again."""
        while True:
            try:
                self.token = 0
                if self._is_told or self._is_telling:
                    while self._is_telling:
                        _pause(0.0001)
                    _raise_in(self.ident, None)
                    self._is_told = False
                threads.enter(self._before)
                return
            except (DeadlineExceeded, Cancelled):
                continue  # the stop was too late

    def wait(self, wait: Wait, timeout_s: float = -1) -> Any:
        """Waits on this thread. A stop ends the wait."""
        self._wait = wait
        try:
            return wait.wait(timeout_s)
        finally:
            self._wait = None

    def tell(self, token: int, stop: Stop) -> None:
        """Stops the call with this token if it is running here. Called by one other thread at a time."""
        now = time.monotonic()
        if self.token != token or now - self._told_at < _AGAIN_AFTER_S:
            return
        if self.stop is not None and stop.is_cancelled:
            return  # a cancellation is raised once
        self.stop, self.stopped_token, self._told_at = stop, token, now
        wait = self._wait
        if wait is not None and self.token == token and wait.settle(stop):
            return
        if self.is_main:
            self.is_signalled = True
            signal.pthread_kill(self.ident, STOP_SIGNAL)
            return
        self._is_telling = True
        try:
            if self.token == token:
                self._is_told = True
                _raise_in(self.ident, _ThreadCancelled if stop.is_cancelled else _ThreadDeadline)
        finally:
            self._is_telling = False


class _Local(threading.local):
    thread: Optional[CallThread] = None


_local = _Local()


def thread_of_caller() -> Optional[CallThread]:
    """Returns the calling thread if calls run on it, else None."""
    return _local.thread


def begin_sleep(wait: Wait) -> bool:
    """Returns whether a sleep of the calling thread has to be interruptible here.

    Signals interrupt the main thread anyway.
    """
    thread = _local.thread
    if thread is None or thread.is_main or thread.token == 0:
        return False
    thread._wait = wait
    return True


def waiter_of_caller() -> Optional[Callable[[Wait, float], Any]]:
    """Returns the function that the calling thread uses for waits that a stop can end, or None."""
    thread = _local.thread
    return None if thread is None or thread.is_main or thread.token == 0 else thread.wait


def end_sleep() -> None:
    """Marks the end of the sleep."""
    if _local.thread is not None:
        _local.thread._wait = None


def _reason() -> List[str]:
    thread = _local.thread
    return [] if thread is None or thread.stop is None else [thread.stop.reason]


class _ThreadDeadline(DeadlineExceeded):
    """Raised without arguments, because another thread can only name the class of an asynchronous exception."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*(args or _reason()))


class _ThreadCancelled(Cancelled):
    def __init__(self, *args: Any) -> None:
        super().__init__(*(args or _reason()))


for _class, _public in ((_ThreadDeadline, DeadlineExceeded), (_ThreadCancelled, Cancelled)):
    _class.__name__, _class.__qualname__, _class.__module__ = _public.__name__, _public.__qualname__, "cloaca"

STOP_SIGNAL = _stop_signal()


def _raise_in(ident: int, error: Any) -> None:
    if _set_exception is not None:
        _set_exception(_ident_type(ident), None if error is None else _object_type(error))


try:
    import ctypes

    _set_exception: Any = ctypes.pythonapi.PyThreadState_SetAsyncExc
    _ident_type: Any = ctypes.c_ulong
    _object_type: Any = ctypes.py_object
except ImportError:  # without ctypes, a call that computes on another thread than the main one cannot be stopped
    _set_exception = None


def watch_main(main: CallThread) -> None:
    """Installs the signal handler that raises the stop of the main thread's call. Called on the main thread."""

    def handle(_signum: int, _frame: Any) -> None:
        # The engine sends the signal, too, until it knows that its message was read.
        if main.token and main.stop is None:
            _pause(_HEARD_WITHIN_S)  # for C code that checks signals but does not let threads run
        stop = main.stop
        if stop is not None and main.is_signalled and main.token and main.token == main.stopped_token:
            main.is_signalled = False
            raise stop.error()

    signal.signal(STOP_SIGNAL, handle)
