"""``time.process_time``, ``time.thread_time`` and their clocks, with the CPU time that the operating system measures.

Pyodide's ``process_time`` is the time of day, and it has no ``thread_time`` (seen in 314.0.7). The process time
includes the engine's code in the process. The thread time is that of the interpreter's thread, which all Python threads
share. Can be deleted when Pyodide asks its host.

Proved by ``python/tests/stdlib/test_time.py``.
"""

from __future__ import annotations

import time
import types
from typing import Any

from ..._border import host
from ..builtin import builtin


def process_time() -> float:
    """Process time for profiling: sum of the kernel and user-space CPU time."""
    return process_time_ns() / 1e9


def process_time_ns() -> int:
    """Process time for profiling as nanoseconds."""
    return int(host.clocks.process_cpu_us()) * 1000


def thread_time() -> float:
    """Thread time for profiling: sum of the kernel and user-space CPU time."""
    return thread_time_ns() / 1e9


def thread_time_ns() -> int:
    """Thread time for profiling as nanoseconds."""
    return int(host.clocks.thread_cpu_us()) * 1000


def clock_gettime(clk_id: Any, /) -> float:
    """Return the time of the specified clock clk_id as a float."""
    return _COMPUTING[clk_id]() / 1e9 if clk_id in _COMPUTING else _c_gettime(clk_id)


def clock_gettime_ns(clk_id: Any, /) -> int:
    """Return the time of the specified clock clk_id as nanoseconds (int)."""
    return _COMPUTING[clk_id]() if clk_id in _COMPUTING else _c_gettime_ns(clk_id)


def pthread_getcpuclockid(thread_id: int, /) -> int:
    """Return the clk_id of a thread's CPU time clock."""
    return _CLOCK_ALL_THREADS


def get_clock_info(name: str, /) -> Any:
    """Get information of the specified clock."""
    if name not in ("process_time", "thread_time"):
        return _c_clock_info(name)  # type: ignore[arg-type]
    clock = f"CLOCK_{name.partition('_')[0].upper()}_CPUTIME_ID"
    return types.SimpleNamespace(
        implementation=f"clock_gettime({clock})", monotonic=True, adjustable=False, resolution=1e-6
    )


#: Clock of every Python thread, since all of them are one thread of the system.
_CLOCK_ALL_THREADS = -2
_COMPUTING = {
    time.CLOCK_PROCESS_CPUTIME_ID: process_time_ns,
    time.CLOCK_THREAD_CPUTIME_ID: thread_time_ns,
    _CLOCK_ALL_THREADS: thread_time_ns,
}
_c_gettime, _c_gettime_ns, _c_clock_info = time.clock_gettime, time.clock_gettime_ns, time.get_clock_info


def prepare() -> None:
    for function in (
        process_time,
        process_time_ns,
        thread_time,
        thread_time_ns,
        clock_gettime,
        clock_gettime_ns,
        pthread_getcpuclockid,
        get_clock_info,
    ):
        setattr(time, function.__name__, builtin(function, "time"))
