"""Waits for what an ``async def`` function returned, from synchronous code."""

from __future__ import annotations

import inspect
from typing import Any

from . import bridge


def awaited(value: Any) -> Any:
    """The value itself, or what it comes to when it is awaitable."""
    if inspect.iscoroutine(value):
        return bridge.run_coroutine(value)
    if inspect.isawaitable(value):
        return bridge.run_coroutine(_await(value))
    return value


async def _await(value: Any) -> Any:
    return await value
