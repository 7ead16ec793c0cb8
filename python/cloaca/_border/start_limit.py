"""Clock for the latest start of a request, which the engine states. It is read just before the function is called.

The engine reads Node's ``process.hrtime``, which libuv takes from CLOCK_MONOTONIC on Linux, from
``mach_continuous_time`` on macOS and from the performance counter on Windows. In CPython, ``time.monotonic`` is the
same clock only on Linux. On macOS it is ``mach_absolute_time``, which stops while the machine sleeps, and on Windows
before 3.13 it has a resolution of 16 ms. CLOCK_MONOTONIC_RAW of macOS is ``mach_continuous_time``, and ``perf_counter``
of Windows is the performance counter.

In Pyodide, ``time.monotonic`` is Node's ``performance.now()``, which starts at the start of the process (seen in
314.0.7 on Node 26.10: it was 6.39 s when ``process.hrtime`` was 915.27 s, and the difference stayed at 908.875 s).
``interpreter.ts`` therefore subtracts this difference from the limit of the engine.

Proved by ``test/host/start-limits.test.ts``: with another offset, all requests are late, or none.
"""

from __future__ import annotations

import functools
import math
import sys
import time
from typing import Callable, Optional

from .host import Engine

_MS_IN_S = 1_000


def _machine_clock() -> Callable[[], float]:
    if sys.platform == "emscripten":
        return time.monotonic
    if sys.platform == "win32":
        # Before 3.10 it starts at the start of the process, so requests are never too late.
        return time.perf_counter if sys.version_info >= (3, 10) else lambda: -math.inf
    clock = time.CLOCK_MONOTONIC_RAW if sys.platform == "darwin" else time.CLOCK_MONOTONIC
    return functools.partial(time.clock_gettime, clock)


class _Clock:
    """Hides the function from tools that freeze time in tests, which replace it in the globals of modules."""

    __slots__ = ("now",)

    def __init__(self) -> None:
        #: Seconds.
        self.now = _machine_clock()


clock = _Clock()


def in_seconds(start_before: Optional[float]) -> float:
    """Converts the ``startBefore`` of a message to seconds on `clock`."""
    return math.inf if start_before is None else start_before / _MS_IN_S


class NotStarted:
    """Outcome of a request that was too late to be started."""

    __slots__ = ()

    def report(self, engine: Engine, token: int) -> None:
        """Reports to the engine that the function was not called."""
        engine.not_started(token)


NOT_STARTED = NotStarted()
