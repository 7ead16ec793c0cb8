"""Call that a thread works for: each thread of the process has a stack (``_border.stacks``), which tells it.

A thread that a script starts works for the call that started it, and the thread of a pool for the call that submitted
the work. The functions of ``threading`` and ``concurrent.futures`` that start threads therefore record the call.
"""

from __future__ import annotations

import threading
from concurrent.futures import thread as pools
from typing import Any, Callable, Optional

from ..._border import calls, stacks
from ..._border.generation import PROGRAM
from ..._border.stacks import NO_CALL, Stack

_STARTER = "_cloaca_starter"


class _Local(threading.local):
    stack: Optional[Stack] = None
    is_logged: bool = False


_local = _Local()


def current() -> Stack:
    """Returns the stack of the calling thread."""
    stack = _local.stack
    if stack is None:
        starter = getattr(threading.current_thread(), _STARTER, None)
        if starter is None:
            stack = Stack(0, PROGRAM, call=NO_CALL)
        else:
            generation, origin, call = starter
            stack = Stack(0, generation, origin, call)
        _local.stack = stack
    return stack


def enter(stack: Optional[Stack]) -> Optional[Stack]:
    """Makes the calling thread work for another stack from now on. Returns the previous one."""
    before, _local.stack = _local.stack, stack
    return before


def output_token() -> int:
    """Returns the token of the poll or attempt for which the calling thread prints, or 0."""
    call = calls.running.get()
    if call is not None:
        return call.token
    stack = current()
    token = stack.call or stack.token
    return token if token > 0 else 0


def printing_token() -> int:
    """Returns the token of the poll, attempt or load for which the calling thread prints, or 0."""
    return output_token() or max(current().origin, 0)


def write_logged(write: Callable[[], object]) -> None:
    """Calls a function whose output logs already have."""
    _local.is_logged = True
    try:
        write()
    finally:
        _local.is_logged = False


def is_logged() -> bool:
    """Returns whether logs already have the output of the calling thread."""
    return _local.is_logged


def connect() -> None:
    """Makes ``stacks`` use this module, and threads record who started them. Called once, before a script runs."""
    stacks.connect_threads(current, output_token, write_logged)
    start = threading.Thread.start
    submit = pools.ThreadPoolExecutor.submit

    def start_for_caller(self: threading.Thread) -> None:
        stack = current()
        setattr(self, _STARTER, (stack.generation, calls.current_token(), stacks.call_for_thread()))
        start(self)

    def submit_for_caller(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        stack = current()
        if stack.generation is PROGRAM and not output_token():
            return submit(self, fn, *args, **kwargs)
        return submit(
            self,
            _Work(fn, Stack(0, stack.generation, calls.current_token(), stacks.call_for_thread())),
            *args,
            **kwargs,
        )

    start_for_caller.__name__, start_for_caller.__qualname__ = "start", "Thread.start"
    start_for_caller.__doc__ = start.__doc__
    submit_for_caller.__name__, submit_for_caller.__qualname__ = "submit", "ThreadPoolExecutor.submit"
    submit_for_caller.__doc__ = submit.__doc__
    threading.Thread.start = start_for_caller  # type: ignore[method-assign]
    pools.ThreadPoolExecutor.submit = submit_for_caller  # type: ignore[method-assign]


class _Work:
    """Work for a pool, with the stack of the call that submitted it."""

    __slots__ = ("function", "stack")

    def __init__(self, function: Any, stack: Stack) -> None:
        self.function = function
        self.stack = stack

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        before = enter(self.stack)
        try:
            return self.function(*arguments, **options)
        finally:
            enter(before)
