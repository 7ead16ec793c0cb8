"""``time.sleep``: suspends only the calling stack, and a deadline or a signal can end the wait.

Pyodide's own function sleeps in its event loop, where nothing can end it early (seen in 314.0.7). Can be deleted when
that is possible.

Proved by ``python/tests/test_engine_interrupts.py``.
"""

from __future__ import annotations

import time
from typing import Any

from ..._border import bridge
from ..builtin import builtin
from ..c_numbers import c_seconds

_blocking_sleep = time.sleep


def install() -> None:
    time.sleep = builtin(sleep, "time")


def sleep(seconds: Any, /) -> None:
    """Suspend execution of the calling thread for the given number of seconds (a float)."""
    length = c_seconds(seconds)
    if length < 0:
        raise ValueError("sleep length must be non-negative")
    if bridge.can_wait():
        bridge.sleep_ms(length * 1000)
    else:
        _blocking_sleep(length)
