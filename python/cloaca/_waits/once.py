"""Results that a task stores: see `TaskHandle.once`. In ``async def``, the function and the call are awaited."""

from __future__ import annotations

import asyncio
import json
import threading
from asyncio import _get_running_loop
from typing import Awaitable, Callable, ContextManager, Dict, NamedTuple, Optional, cast

from .._border.calls import awaited, is_awaitable
from .._border.stops import is_stop
from .._values.convert import json_text, stored

#: Maximum size of a stored result, in bytes of JSON. The engine has the same maximum.
_MAX_RESULT_BYTES = 1024 * 1024


class Turns:
    """Locks of an attempt, with which calls of `once` with the same name take turns."""

    __slots__ = ("_of_threads", "_of_coroutines")

    def __init__(self) -> None:
        self._of_threads: Dict[str, ContextManager[bool]] = {}
        self._of_coroutines: Dict[str, asyncio.Lock] = {}

    def of_thread(self, name: str) -> ContextManager[bool]:
        return self._of_threads.setdefault(name, threading.RLock())

    def of_coroutine(self, name: str) -> asyncio.Lock:
        return self._of_coroutines.setdefault(name, asyncio.Lock())


class Kept(NamedTuple):
    """Functions that read and store the result of one name as JSON text."""

    find: Callable[[], Optional[str]]
    keep: Callable[[str], str]


def result(name: str, function: Callable[[], object], kept: Kept, turns: Turns) -> object:
    """Returns the stored result, or calls the function and stores its result. In an event loop, returns a coroutine."""
    if _get_running_loop() is not None:
        return _awaited_result(name, function, kept, turns)
    with turns.of_thread(name):
        text = kept.find()
        value: object = json.loads(kept.keep(_text_of(name, awaited(function()))) if text is None else text)
        return value


async def _awaited_result(name: str, function: Callable[[], object], kept: Kept, turns: Turns) -> object:
    async with turns.of_coroutine(name):
        text = kept.find()
        if text is None:
            value = function()
            if is_awaitable(value):
                value = await cast(Awaitable[object], value)
            text = kept.keep(_text_of(name, value))
        result: object = json.loads(text)
        return result


def _text_of(name: str, value: object) -> str:
    try:
        text: str = json_text(stored(value))
    except BaseException as error:
        if is_stop(error):
            raise
        raise TypeError(f"{_beginning(name)}: {error}") from error
    size = len(text.encode("utf-8"))
    if size > _MAX_RESULT_BYTES:
        raise TypeError(f"{_beginning(name)}: it has {size} bytes of JSON, but at most {_MAX_RESULT_BYTES} are stored")
    return text


def _beginning(name: str) -> str:
    return f"the function of once({name!r}) has run, but its result cannot be stored"
