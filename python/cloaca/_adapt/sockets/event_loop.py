"""``asyncio``: each ``asyncio.run`` has its own event loop, which runs on the stack that called it.

Pyodide (seen in 314.0.7) has one loop for all, which is driven by JavaScript's loop and cannot be run, stopped or
closed. Two runs share it, ``asyncio.Runner`` and pytest-asyncio report that it is already running, and callbacks run on
any stack. This module restores the selector loop of the standard library with another selector, which suspends the
stack until a socket is ready, the time is over, or another stack wakes it. Waking needs no pair of sockets. Can be
deleted when Pyodide can block.

Proved by ``python/tests/stdlib/test_asyncio.py``.
"""

from __future__ import annotations

import asyncio
import asyncio.events as _events
import asyncio.streams
import asyncio.subprocess
import asyncio.unix_events as _unix_events
import importlib
import selectors
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from ..._border import bridge, host
from ..._border.javascript import array_of
from ..readiness import READABLE, WRITABLE
from .select_poll import ready_among

#: Interval at which a loop that is never idle lets other stacks run.
_TURN_S = 0.002

_Loop: Any = _unix_events._UnixSelectorEventLoop


class StackSelector(selectors.PollSelector):
    """Selector whose ``select`` suspends the calling stack, and which other stacks can wake."""

    def __init__(self) -> None:
        super().__init__()
        self._event: Optional[int] = None
        self._turn_began = time.monotonic()

    def wake(self) -> None:
        """Ends a waiting ``select``."""
        if self._event is not None:
            bridge.set_event(self._event)
            self._event = None

    def select(self, timeout: Optional[float] = None) -> List[Tuple[selectors.SelectorKey, int]]:
        """Waits until a registered file is ready, for at most ``timeout`` seconds.

        It lets other stacks run, and those that are already woken run immediately.
        """
        ready = self._ready()
        if ready or (timeout is not None and timeout <= 0):
            if time.monotonic() - self._turn_began > _TURN_S or bridge.is_waited_for():
                bridge.sleep_ms(0)
                self._turn_began = time.monotonic()
            return ready
        self._wait(-1 if timeout is None else timeout * 1000)
        self._turn_began = time.monotonic()
        return self._ready()

    def _ready(self) -> List[Tuple[selectors.SelectorKey, int]]:
        """Returns the files that are ready now. Unlike a ``select`` without waiting, this never suspends the stack."""
        found = []
        for number, bits in ready_among(self._wanted):
            key = self._fd_to_key.get(number)  # type: ignore[attr-defined]
            if key is not None:
                events = (selectors.EVENT_WRITE if bits & ~READABLE else 0) | (
                    selectors.EVENT_READ if bits & ~WRITABLE else 0
                )
                found.append((key, events & key.events))
        return found

    @property
    def _wanted(self) -> Dict[int, int]:
        return self._selector._wanted  # type: ignore[attr-defined,no-any-return]

    def _wait(self, limit_ms: float) -> None:
        event = self._event = bridge.new_event()
        wanted = self._wanted
        if wanted:
            host.sockets.watch_descriptors(event, array_of(list(wanted)), array_of(list(wanted.values())))
        try:
            bridge.wait_event(event, limit_ms)
        finally:
            self._event = None
            if wanted:
                host.sockets.unwatch(event)


class _SelectOnStack(StackSelector):
    """Default selector of a loop. A callback scheduled while it waits wakes it, even by a JavaScript promise."""

    loop: Any = None

    def _wait(self, limit_ms: float) -> None:
        self.loop.call_soon = self.loop.call_soon_threadsafe
        try:
            super()._wait(limit_ms)
        finally:
            del self.loop.call_soon


_standard_init = _Loop.__init__
_standard_make_pipe, _standard_close_pipe = _Loop._make_self_pipe, _Loop._close_self_pipe
_standard_write = _Loop._write_to_self
_standard_add_signal_handler = _Loop.add_signal_handler


def _init(self: Any, selector: Any = None) -> None:
    if selector is None:
        selector = _SelectOnStack()
        selector.loop = self
    _standard_init(self, selector)


def _make_self_pipe(self: Any) -> None:
    if isinstance(self._selector, StackSelector):
        self._ssock = self._csock = None
    else:
        _standard_make_pipe(self)


def _close_self_pipe(self: Any) -> None:
    if self._ssock is not None:
        _standard_close_pipe(self)


def _write_to_self(self: Any) -> None:
    if isinstance(self._selector, StackSelector):
        self._selector.wake()
    else:
        _standard_write(self)


class _NoSocket:
    """Replacement of the socket to which signals are written, as here the handler schedules the callback itself."""

    def fileno(self) -> int:
        return -1


def _add_signal_handler(self: Any, sig: int, callback: Callable[..., Any], *args: Any) -> None:
    """Add a handler for a signal, which runs as a callback of the loop."""
    has_socket = self._csock is not None
    if not has_socket:
        self._csock = _NoSocket()
    try:
        _standard_add_signal_handler(self, sig, callback, *args)
    finally:
        if not has_socket:
            self._csock = None
    if not has_socket:
        _unix_events.signal.signal(sig, lambda signum, _: self._handle_signal(signum))  # type: ignore[attr-defined]


def _import_streams_anew() -> None:
    """Imports ``asyncio.streams`` again, because Unix sockets did not exist yet when it was imported."""
    for module in (asyncio.streams, asyncio.subprocess):
        importlib.reload(module)
        for name in module.__all__:
            setattr(asyncio, name, getattr(module, name))
            if name not in asyncio.__all__:
                asyncio.__all__ += (name,)  # type: ignore[assignment]


def prepare() -> None:
    """Restores the standard loop, which then runs on stacks."""
    _import_streams_anew()
    _Loop.__init__ = _init
    _Loop._make_self_pipe = _make_self_pipe
    _Loop._close_self_pipe = _close_self_pipe
    _Loop._write_to_self = _write_to_self
    _Loop.add_signal_handler = _add_signal_handler
    asyncio.run = asyncio.runners.run
    bridge.loop_of_pyodide = asyncio.get_event_loop()
    _events._event_loop_policy = None  # type: ignore[attr-defined]
