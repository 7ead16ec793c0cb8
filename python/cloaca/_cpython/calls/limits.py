"""How a call is stopped whose time is over, or whose execution is cancelled, wherever it is.

On the main thread a signal has a handler raise the exception, also in ``sleep``, ``recv`` and a lock. Another thread is
told by an asynchronous exception between two steps of Python, and its waits of ``waits`` are ended. What does neither
(it waits in C, or computes there) is left to the engine, which ends the process a second later.

The moves of a thread: `enter` (a call begins), `leave` (it has ended, and nothing stops the thread any more).
"""

from __future__ import annotations

import collections
import signal
import threading
import time
from typing import Any, Callable, Deque, List, Optional

from ..._border.bridge import DeadlineExceeded
from ..._border.cancelled import Cancelled
from ..._border.stacks import Stack
from . import threads
from .waits import Stop, Wait

#: A call that was told to stop has so long to clean up before it is told again.
_AGAIN_AFTER_S = 0.1

#: What the engine has said is read in this time, once the main thread lets others run.
_HEARD_WITHIN_S = 0.02

_pause = time.sleep


def _stop_signal() -> int:
    """One that scripts do not use, and that does not end a program which they start."""
    first = getattr(signal, "SIGRTMIN", None)
    return signal.SIGURG if first is None else int(first) + 9


class CallThread:
    """A thread on which calls run, one after the other."""

    def __init__(self, is_main: bool) -> None:
        self.ident = threading.get_ident()
        self.is_main = is_main
        #: The call that runs; 0 while nothing can be stopped.
        self.token = 0
        self.since = 0.0
        #: Polls that have skipped, of which the engine has not been told yet.
        self.skipped: Deque[int] = collections.deque()
        #: What the call was told that had this token.
        self.stop: Optional[Stop] = None
        self.stopped_token = 0
        self._wait: Optional[Wait] = None
        self._told_at = 0.0
        self._is_telling = self._is_told = False
        self._before: Optional[Stack] = None
        _local.thread = self

    def enter(self, token: int, stack: Stack) -> None:
        """A call begins on this thread."""
        self._before = threads.enter(stack)
        self.stop = None
        self._told_at = 0.0
        self.since = time.monotonic()
        self.token = token

    def leave(self) -> None:
        """The call has ended. To be called again where what stops it comes in the middle of this."""
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
                continue  # too late

    def wait(self, wait: Wait, timeout_s: float = -1) -> Any:
        """Waits on this thread, where a stop ends it."""
        self._wait = wait
        try:
            return wait.wait(timeout_s)
        finally:
            self._wait = None

    def tell(self, token: int, stop: Stop) -> None:
        """Stops the call if it is the one that runs here. Called by one other thread at a time."""
        now = time.monotonic()
        if self.token != token or now - self._told_at < _AGAIN_AFTER_S:
            return
        if self.stop is not None and stop.is_cancelled:
            return  # it hears that once
        self.stop, self.stopped_token, self._told_at = stop, token, now
        wait = self._wait
        if wait is not None and self.token == token and wait.settle(stop):
            return
        if self.is_main:
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
    """The calling thread, if calls run on it."""
    return _local.thread


def begin_sleep(wait: Wait) -> bool:
    """Whether the calling thread's sleep is to be one that can be ended: the main thread's is interrupted anyway."""
    thread = _local.thread
    if thread is None or thread.is_main or thread.token == 0:
        return False
    thread._wait = wait
    return True


def waiter_of_caller() -> Optional[Callable[[Wait, float], Any]]:
    """How the calling thread waits for others where a stop is to end that."""
    thread = _local.thread
    return None if thread is None or thread.is_main or thread.token == 0 else thread.wait


def end_sleep() -> None:
    """The sleep is over."""
    if _local.thread is not None:
        _local.thread._wait = None


def _reason() -> List[str]:
    thread = _local.thread
    return [] if thread is None or thread.stop is None else [thread.stop.reason]


class _ThreadDeadline(DeadlineExceeded):
    """Raised by its class alone, which is all that another thread can name."""

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
except ImportError:  # a Python without it: what computes on another thread than the main one is not stopped
    _set_exception = None


def watch_main(main: CallThread) -> None:
    """Has the signal raise in the main thread what its call was told. To be called by the main thread."""

    def handle(_signum: int, _frame: Any) -> None:
        if main.token and main.stop is None:
            _pause(_HEARD_WITHIN_S)  # the engine's signal, for C code that looks for signals and lets no thread listen
        stop = main.stop
        if stop is not None and main.token and main.token == main.stopped_token:
            raise stop.error()

    signal.signal(STOP_SIGNAL, handle)
