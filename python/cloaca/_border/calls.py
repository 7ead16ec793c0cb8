"""Calls that are awaited: the poll or attempt that the running code belongs to, and the rest of an awaited call.

Synchronous code also waits here for the result of an async function. All async functions of a script share one stack,
that of its event loop (``_engine.script_loop``), so the stack does not identify the call. A context variable does: each
call is awaited in its own context, which everything that it starts (tasks, callbacks, ``asyncio.to_thread``) inherits.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from typing import Any, Callable, Optional

from . import stacks


class Call:
    """Poll or attempt that is awaited. Its name is for messages, such as ``trigger 'feed'``.

    ``stop_reason`` is set when the call has to stop, and ``is_overdue`` if its time is over. ``is_held_up`` is set
    until its loop is notified, and ``is_cancelled`` after the call itself was notified that its execution is cancelled.
    ``stopped`` is that of `Awaiting`.
    """

    __slots__ = (
        "token",
        "name",
        "stopped",
        "task",
        "stop_reason",
        "is_overdue",
        "is_cancelled",
        "is_held_up",
        "cancellations",
    )

    def __init__(self, token: int, name: str, stopped: Callable[[Any], Any] = lambda outcome: outcome) -> None:
        self.token = token
        self.name = name
        self.stopped = stopped
        self.task: Any = None
        self.stop_reason: Optional[str] = None
        self.is_overdue = False
        self.is_cancelled = False
        self.is_held_up = False
        self.cancellations = 0


#: Call that a context works for, in and after the loop of a script, else None.
running: contextvars.ContextVar[Optional[Call]] = contextvars.ContextVar("cloaca_call", default=None)


def current_token() -> int:
    """Returns the number of the entry into Python that the running code works for, the current call, or 0.

    It is correct in polls, tasks and programs, in threads and asyncio tasks that they start, and after the call has
    ended.
    """
    call = running.get()
    return stacks.current().origin if call is None else call.token


class Awaiting:
    """Awaitable that a function returned, which is awaited in the loop of its script and in the context of the call.

    Args:
        name: Name of the function's trigger or task, for messages.
        awaitable: Return value of the function.
        ended: Function that is called with the result and None, or with None and the exception. It returns the outcome,
            or the next `Awaiting`.
        stopped: Function that is called with the outcome of a call that was stopped from outside. It returns the
            outcome to report.
        is_begun: Whether any user code has run for the call. If not, it may be too late to start it.
    """

    __slots__ = ("name", "awaitable", "ended", "stopped", "is_begun", "context")

    def __init__(
        self,
        name: str,
        awaitable: Any,
        ended: Callable[[Any, Optional[BaseException]], Any],
        stopped: Callable[[Any], Any] = lambda outcome: outcome,
        is_begun: bool = True,
    ) -> None:
        self.name = name
        self.awaitable = awaitable
        self.ended = ended
        self.stopped = stopped
        self.is_begun = is_begun
        self.context = contextvars.copy_context()


def is_untouched(function: object, awaitable: object) -> bool:
    """Returns whether no user code has run yet: the function is async, and the awaitable is its coroutine."""
    return getattr(awaitable, "cr_code", None) is getattr(function, "__code__", function)


def is_awaitable(value: object) -> bool:
    """Returns whether a value has to be awaited, such as the result of an async function."""
    return inspect.isawaitable(value)


def drop(awaitable: Any) -> None:
    """Closes a coroutine that is never awaited, so that Python does not warn about it."""
    close = getattr(awaitable, "close", None)
    if close is not None:
        close()


async def result_of(awaitable: Any) -> Any:
    """Awaits an awaitable that may not be a coroutine, because asyncio creates tasks only from coroutines."""
    return await awaitable


def _run(value: Any) -> Any:
    return asyncio.run(result_of(value))


#: Waits for an awaitable. In the engine, ``_engine.script_loops`` connects a function that uses the script's loop.
wait_for: Callable[[Any], Any] = _run


def awaited(value: Any) -> Any:
    """Returns the value, or the result of awaiting it."""
    return wait_for(value) if is_awaitable(value) else value
