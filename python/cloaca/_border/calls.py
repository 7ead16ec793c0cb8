"""Calls that are awaited: which poll or attempt the running code belongs to, and what remains of one that is awaited.

Synchronous code waits here for what an async function returned, too.

All async functions of a script share one stack, that of its event loop (``_engine.script_loop``), so the stack alone
does not say whose work is done. A context variable does: each call is awaited in a context of its own, and what it
starts (tasks, callbacks, ``asyncio.to_thread``) inherits that.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from typing import Any, Callable, Optional

from . import stacks


class Call:
    """A poll or an attempt that is awaited. Its name is for messages: ``trigger 'feed'``.

    ``stop_reason`` is set when it shall stop, ``is_overdue`` when that is because its time is over, ``is_held_up``
    until its loop has heard of it, and ``is_cancelled`` when it has heard itself that its execution is cancelled.
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


#: The call whose work a context does, in and after the loop of a script; None elsewhere.
running: contextvars.ContextVar[Optional[Call]] = contextvars.ContextVar("cloaca_call", default=None)


def current_token() -> int:
    """The number of the entry into Python for which the running code works, 0 for none: the current call.

    Right in polls, tasks and programs, in the threads and asyncio tasks that they start, and after the call has ended.
    """
    call = running.get()
    return stacks.current().origin if call is None else call.token


class Awaiting:
    """What a function came to that has to be awaited: in the loop of its script, in the context of the call.

    Args:
        name: Whose it is, for messages.
        awaitable: What the function returned.
        ended: Called with what it came to and with None, or with None and what it raised. Returns the outcome, or
            what has to be awaited next.
        stopped: Called with the outcome of a call that was stopped from outside. Returns the one that is reported.
        is_begun: Whether any of the user's code has run for the call. Otherwise it may still be too late to start it.
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


def is_untouched(function: Any, awaitable: Any) -> bool:
    """Returns whether no code of the user's has run yet: the function is async, and the awaitable is its coroutine."""
    return getattr(awaitable, "cr_code", None) is getattr(function, "__code__", function)


def is_awaitable(value: Any) -> bool:
    """Whether an async function returned it, or another one something of the kind."""
    return inspect.isawaitable(value)


def drop(awaitable: Any) -> None:
    """Closes a coroutine that is never awaited, so that Python does not warn about it."""
    close = getattr(awaitable, "close", None)
    if close is not None:
        close()


async def result_of(awaitable: Any) -> Any:
    """Awaits an awaitable that may not be a coroutine, from which asyncio makes no task."""
    return await awaitable


def _run(value: Any) -> Any:
    return asyncio.run(result_of(value))


#: Waits for an awaitable: inside the engine in the loop of the script, for which ``_engine.script_loops`` connects.
wait_for: Callable[[Any], Any] = _run


def awaited(value: Any) -> Any:
    """Returns the value, or the result of awaiting it."""
    return wait_for(value) if is_awaitable(value) else value
