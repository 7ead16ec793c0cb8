"""Converts Python values to JavaScript values for calls of the host. No other module creates them.

It is imported only in the engine, because plain CPython does not have ``pyodide``.
"""

from __future__ import annotations

import array
from typing import Any, Callable, List

from pyodide.ffi import can_run_sync, create_proxy, destroy_proxies, to_js

#: Whether Pyodide reports that the calling stack can be suspended: see ``bridge.can_wait``.
can_suspend: Callable[[], bool] = can_run_sync


def array_of(items: List[Any]) -> Any:
    """Converts a list to an array."""
    return to_js(items)


def integers_of(items: List[int]) -> Any:
    """Converts integers of 32 bits to a typed array, which takes a third of the time of an array."""
    return to_js(array.array("i", items))


def bytes_of(data: Any) -> Any:
    """Copies a bytes-like object to an array of bytes."""
    return to_js(data if isinstance(data, (bytes, bytearray)) else bytes(data))


def callback(function: Callable[..., Any]) -> Any:
    """Returns a function that the host may call until `destroy` is called with it."""
    return create_proxy(function)


def destroy(proxy: Any) -> None:
    """Destroys a `callback`, which the host no longer calls."""
    destroy_proxies(to_js([proxy]))
