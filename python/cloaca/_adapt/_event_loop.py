"""``asyncio``: each ``asyncio.run`` has an event loop of its own, which runs on the stack that called it.

Pyodide (seen in 314.0.7) has one loop for all, fed by JavaScript's, which cannot be run, stopped or closed: two runs
share it, ``asyncio.Runner`` and pytest-asyncio say that it is running, and callbacks come on any stack. Here the
standard library's own selector loop is put back; only its selector differs: it suspends the stack until a socket is
ready, the time is over, or another stack wakes it, for which it needs no pair of sockets. Can go when Pyodide can
block.
"""

from __future__ import annotations

import asyncio
import asyncio.events as _events
import asyncio.unix_events as _unix_events
import selectors
import signal
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from .. import _bridge
from . import _socket_door as door

#: A loop that is never idle lets other stacks run this often.
_TURN_S = 0.002

_Loop = _unix_events._UnixSelectorEventLoop  # type: ignore[attr-defined]


class StackSelector(selectors.PollSelector):
    """A selector whose ``select`` suspends the calling stack, and which other stacks can wake."""

    def __init__(self) -> None:
        super().__init__()
        self._event: Optional[int] = None
        self._turn_began = time.monotonic()

    def wake(self) -> None:
        """Ends a ``select`` that waits."""
        if self._event is not None:
            _bridge.set_event(self._event)
            self._event = None

    def select(self, timeout: Optional[float] = None) -> List[Tuple[selectors.SelectorKey, int]]:
        """Waits until a registered file is ready, at most ``timeout`` seconds; lets others run now and then."""
        has_files = bool(self.get_map())
        ready = super().select(0) if has_files else []
        if ready or (timeout is not None and timeout <= 0):
            if time.monotonic() - self._turn_began > _TURN_S:
                _bridge.sleep_ms(0)
                self._turn_began = time.monotonic()
            return ready
        self._wait(-1 if timeout is None else timeout * 1000)
        self._turn_began = time.monotonic()
        return super().select(0) if has_files else []

    def _wait(self, limit_ms: float) -> None:
        event = self._event = _bridge.new_event()
        wanted: Dict[int, int] = self._selector._wanted  # type: ignore[attr-defined]
        if wanted:
            door.sockets.watch_descriptors(event, door.to_js(list(wanted)), door.to_js(list(wanted.values())))
        try:
            _bridge.wait_event(event, limit_ms)
        finally:
            self._event = None
            if wanted:
                door.sockets.unwatch(event)


class _SelectOnStack(StackSelector):
    """A loop's own selector: while it waits, anything that is scheduled wakes it, a promise of JavaScript too."""

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


def _add_signal_handler(self: Any, sig: int, callback: Callable[..., Any], *args: Any) -> None:
    """Add a handler for a signal, which runs as a callback of the loop."""
    if asyncio.iscoroutine(callback) or asyncio.iscoroutinefunction(callback):
        raise TypeError("coroutines cannot be used with add_signal_handler()")
    self._check_signal(sig)
    self._check_closed()
    self._signal_handlers[sig] = _events.Handle(callback, args, self, None)  # type: ignore[arg-type]
    try:
        signal.signal(sig, lambda signum, _: self._handle_signal(signum))
    except (ValueError, OSError) as error:
        del self._signal_handlers[sig]
        raise RuntimeError(str(error)) from error


def prepare() -> None:
    """Puts the standard loop back, over stacks."""
    _Loop.__init__ = _init
    _Loop._make_self_pipe = _make_self_pipe
    _Loop._close_self_pipe = _close_self_pipe
    _Loop._write_to_self = _write_to_self
    _Loop.add_signal_handler = _add_signal_handler
    asyncio.run = asyncio.runners.run
    _bridge.loop_of_pyodide = asyncio.get_event_loop()
    _events._event_loop_policy = None  # type: ignore[attr-defined]
