"""``pyodide.ffi.run_sync``: suspends the calling stack so that a deadline or a signal can end the wait.

Pyodide's own function cannot be ended early, and runs coroutines on the single loop that ``sockets.event_loop``
replaces. Seen with Pyodide 314.0.7. Can be deleted when ``run_sync`` can be cancelled.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pyodide.ffi
import pyodide.webloop

from ..._border import bridge

_run_sync = pyodide.ffi.run_sync


def install() -> None:
    pyodide.ffi.run_sync = run_sync
    pyodide.webloop.run_sync = run_sync


def run_sync(awaitable: Any) -> Any:
    """Like ``pyodide.ffi.run_sync``, but raises `DeadlineExceeded` when the calling stack is overdue."""
    if not bridge.can_wait():
        return _run_sync(awaitable)
    if isinstance(awaitable, pyodide.ffi.JsProxy):
        return bridge.wait_for_promise(awaitable)
    outer = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(awaitable)
    finally:
        loop.close()
        asyncio._set_running_loop(outer)
