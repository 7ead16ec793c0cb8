"""``_thread``: threads are separate stacks, which take turns on the only thread of the system.

Pyodide (seen in 314.0.7) cannot start threads ("can't start new thread") and gives every stack the same identity. Here
a thread is a stack that the host enters, and its identity is that of the stack. A join suspends only the calling stack.
Threads never run at the same time: another one continues when a thread waits or has computed for a while
(``interrupts``). Can be deleted when Pyodide has threads.

Proved by ``python/tests/stdlib/test_threading.py``.
"""

from __future__ import annotations

import functools
import os
from typing import Any, Callable, Dict, List, Optional, Tuple

from ..._border import bridge, stacks
from .. import unraisable
from ..c_numbers import c_seconds

#: Stack of a thread, its function, and the function that is called at its end.
_Unstarted = Tuple[stacks.Stack, Callable[[], Any], Callable[[], None]]

_unstarted: Dict[int, _Unstarted] = {}
_unjoined: Dict[int, _ThreadHandle] = {}
_count = 0


class _ThreadHandle:
    """Handle that ``threading.Thread`` keeps of a thread: its number, and whether it has ended."""

    __module__ = "_thread"

    ident: int

    def __init__(self) -> None:
        self.ident = 0
        self._state = "new"
        self._joiners: List[int] = []

    def is_done(self) -> bool:
        """Return whether the thread has ended."""
        return self._state == "done"

    def join(self, timeout: Optional[float] = None) -> None:
        """Waits for the end of the thread, for at most ``timeout`` seconds."""
        if self._state == "new":
            raise RuntimeError("thread not started")
        if self._state == "done":
            return
        if self.ident == stacks.running.ident:
            raise RuntimeError("Cannot join current thread")
        limit_ms = -1 if timeout is None or (seconds := c_seconds(timeout)) < 0 else seconds * 1000
        event = bridge.new_event()
        self._joiners.append(event)
        try:
            bridge.wait_event(event, limit_ms)
        finally:
            if event in self._joiners:
                self._joiners.remove(event)

    def _set_done(self) -> None:
        if self._state == "new":
            raise RuntimeError("thread not started")
        self._state = "done"
        _unjoined.pop(self.ident, None)
        joiners, self._joiners = self._joiners, []
        for event in joiners:
            bridge.set_event(event)

    def _start(self, ident: int) -> None:
        self.ident = ident
        self._state = "running"

    def __repr__(self) -> str:
        return f"<_ThreadHandle object: ident={self.ident}>"


def make_thread_handle(ident: int) -> _ThreadHandle:
    """Returns a handle of a thread that is already running."""
    handle = _ThreadHandle()
    handle._start(ident)
    return handle


def start_joinable_thread(
    function: Callable[[], Any], handle: Optional[_ThreadHandle] = None, daemon: bool = True
) -> _ThreadHandle:
    """Starts a thread and returns its handle. At its end, the interpreter waits for it unless it is a daemon."""
    if not callable(function):
        raise TypeError("thread function must be callable")
    if handle is None:
        handle = _ThreadHandle()
    elif not isinstance(handle, _ThreadHandle):
        raise TypeError("'handle' must be a _ThreadHandle")
    if handle._state != "new":
        raise RuntimeError("thread already started")
    stack = stacks.Stack(origin=stacks.running.origin, call=stacks.call_for_thread())
    handle._start(stack.ident)
    if not daemon:
        _unjoined[stack.ident] = handle
    _launch(stack, function, handle._set_done)
    return handle


def start_new_thread(function: Callable[..., Any], args: Any, kwargs: Optional[Dict[str, Any]] = None, /) -> int:
    """Start a new thread and return its identifier."""
    if not callable(function):
        raise TypeError("first arg must be callable")
    if not isinstance(args, tuple):
        raise TypeError("2nd arg must be a tuple")
    if kwargs is not None and not isinstance(kwargs, dict):
        raise TypeError("optional 3rd arg must be a dictionary")
    stack = stacks.Stack(origin=stacks.running.origin, call=stacks.call_for_thread())
    _launch(stack, functools.partial(function, *args, **(kwargs or {})), lambda: None)
    return stack.ident


def _launch(stack: stacks.Stack, function: Callable[[], Any], ended: Callable[[], None]) -> None:
    global _count
    _unstarted[stack.ident] = (stack, function, ended)
    _count += 1
    if _count == 1:
        bridge.threads_run(True)
    try:
        bridge.start_thread(stack.ident)
    except BaseException:
        _count -= 1
        if _count == 0:
            bridge.threads_run(False)
        del _unstarted[stack.ident]
        ended()
        raise


def _run(function: Callable[[], Any], ended: Callable[[], None]) -> None:
    global _count
    try:
        if stacks.running.exception is not None:
            raise stacks.take_exception()
        function()
    except SystemExit:
        pass
    except BaseException as error:
        unraisable.report(error, f"Exception ignored in thread started by {getattr(function, 'func', function)!r}")
    finally:
        del function
        stacks.write_out()
        stacks.end(stacks.running)
        _count -= 1
        if _count == 0:
            bridge.threads_run(False)
        ended()


def run_thread(ident: int) -> None:
    """Runs a started thread to its end. The host calls it on a separate stack."""
    stack, function, ended = _unstarted.pop(ident)
    stacks.run_in(stack, _run, function, ended)


def unstarted_stack(ident: int) -> Optional[stacks.Stack]:
    """Returns the stack of a thread that the host has not entered yet, or None."""
    unstarted = _unstarted.get(ident)
    return None if unstarted is None else unstarted[0]


def join_all() -> None:
    """Waits for the threads that are not daemons, as the interpreter does at its end."""
    while _unjoined:
        for handle in list(_unjoined.values()):
            handle.join()


def count() -> int:
    """Return the number of threads that were started and have not ended."""
    return _count


def native_id() -> int:
    """Return the system's number of the thread: that of the process for the main thread, an invented one for others."""
    stack = stacks.running
    return os.getpid() if stack is stacks.MAIN else os.getpid() + stack.ident


def main_ident() -> int:
    """Return the identity of the main thread."""
    return stacks.MAIN.ident
