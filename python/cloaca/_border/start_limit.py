"""Until when a request may start: compared just before its function is called, on a clock that the engine shares.

The engine states the time on the clock of Node's ``process.hrtime``, which libuv takes from CLOCK_MONOTONIC on Linux,
from ``mach_continuous_time`` on macOS and from the performance counter on Windows. In CPython ``time.monotonic`` is the
same clock only on Linux: on macOS it stands still while the machine sleeps, and on Windows it counts ticks of 16 ms
before 3.13. So `_read_machine_clock` names the clock by system.

Pyodide's ``time.monotonic`` counts from the start of its process: it is ``performance.now()`` of Node, and differs from
``process.hrtime`` by a constant (measured in 314.0.7 on Node 26.10: 908875.3 ms in three readings over a second, apart
by the 1 ms that the call took). `src/interpreter/interpreter.ts` subtracts that constant.
"""

from __future__ import annotations

import functools
import math
import sys
import time
from typing import Callable, Optional

from . import host

_MS_IN_S = 1_000


def _read_machine_clock() -> Callable[[], float]:
    if sys.platform == "emscripten":
        return time.monotonic
    if sys.platform == "win32":
        # Before 3.10 it counts from the start of the process there: then everything may start at any time.
        return time.perf_counter if sys.version_info >= (3, 10) else lambda: -math.inf
    clock = time.CLOCK_MONOTONIC_RAW if sys.platform == "darwin" else time.CLOCK_MONOTONIC
    return functools.partial(time.clock_gettime, clock)


class _Clock:
    """Keeps the clock from tools that freeze time for tests: those replace such functions in all modules."""

    __slots__ = ("now",)

    def __init__(self) -> None:
        #: Seconds.
        self.now = _read_machine_clock()


clock = _Clock()


def in_seconds(start_before: Optional[float]) -> float:
    """The ``startBefore`` of a message, on `clock`."""
    return math.inf if start_before is None else start_before / _MS_IN_S


class NotStarted:
    """What comes of a request that was too late: it is told, and nothing else."""

    __slots__ = ()

    def report(self, token: int) -> None:
        """Tells the engine that the function was not called."""
        host.engine.not_started(token)


NOT_STARTED = NotStarted()
