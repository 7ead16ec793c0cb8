"""Python's values as JavaScript's, for calls of the host: the one place that makes them.

Imported inside the engine only: on plain CPython there is no ``pyodide``.
"""

from __future__ import annotations

import array
from typing import Any, Callable, List

from pyodide.ffi import can_run_sync, create_proxy, destroy_proxies, to_js

#: Whether Pyodide thinks that the calling stack can be suspended: see ``bridge.can_wait``.
can_suspend: Callable[[], bool] = can_run_sync


def array_of(items: List[Any]) -> Any:
    """A list as an array."""
    return to_js(items)


def integers_of(items: List[int]) -> Any:
    """Integers of 32 bits as a typed array, which takes a third of the time that an array takes."""
    return to_js(array.array("i", items))


def bytes_of(data: Any) -> Any:
    """A copy of a bytes-like object, as an array of bytes."""
    return to_js(data if isinstance(data, (bytes, bytearray)) else bytes(data))


def callback(function: Callable[..., Any]) -> Any:
    """A function that the host may call until `destroy` is called with it."""
    return create_proxy(function)


def destroy(proxy: Any) -> None:
    """Ends the life of a `callback`, which the host does not call any more."""
    destroy_proxies(to_js([proxy]))
