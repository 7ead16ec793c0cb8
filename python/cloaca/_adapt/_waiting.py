"""A deadline reaches a stack that waits inside asyncio.

Pyodide's event loop suspends a stack with ``pyodide.ffi.run_sync``, which nothing can end early. Replaced by one that
goes through the bridge's wait, where an overdue stack is stopped and a signal wakes it. Seen with Pyodide 314.0.7;
can go when ``run_sync`` can be cancelled.
"""

from __future__ import annotations

from typing import Any

import pyodide.ffi
import pyodide.webloop

from .. import _bridge

_run_sync = pyodide.ffi.run_sync


def install() -> None:
    pyodide.ffi.run_sync = run_sync
    pyodide.webloop.run_sync = run_sync


def run_sync(awaitable: Any) -> Any:
    """Like ``pyodide.ffi.run_sync``, but ends with `DeadlineExceeded` when the calling stack is overdue."""
    import asyncio

    if not _bridge.can_wait():
        return _run_sync(awaitable)
    future = asyncio.ensure_future(awaitable)
    try:
        _bridge.wait_until_done(future)
    except BaseException:
        future.cancel()
        raise
    return future.result()
