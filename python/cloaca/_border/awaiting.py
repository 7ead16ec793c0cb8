"""Waits for what an ``async def`` function returned, from synchronous code."""

from __future__ import annotations

import asyncio
from typing import Any, Callable

from .calls import is_awaitable


async def result_of(awaitable: Any) -> Any:
    """Awaits what may be no coroutine, and so cannot be made a task of."""
    return await awaitable


def _run(value: Any) -> Any:
    return asyncio.run(result_of(value))


#: Waits for an awaitable: inside the engine in the loop of the script, for which ``_engine.script_loops`` connects.
wait_for: Callable[[Any], Any] = _run


def awaited(value: Any) -> Any:
    """The value itself, or what it comes to when it is awaitable."""
    return wait_for(value) if is_awaitable(value) else value
