"""``time.process_time`` and ``time.thread_time``: computing time, as the system counts it.

Pyodide's ``process_time`` is the time of day, and it has no ``thread_time`` (seen in 314.0.7). The process is the
engine's too; the thread is the interpreter's, which all Python threads share. Can go when Pyodide asks its host.
"""

from __future__ import annotations

import time
from typing import Any

from ._builtin import builtin

_machine: Any = None


def process_time() -> float:
    """Process time for profiling: sum of the kernel and user-space CPU time."""
    return process_time_ns() / 1e9


def process_time_ns() -> int:
    """Process time for profiling as nanoseconds."""
    return int(_machine.process_cpu_us()) * 1000


def thread_time() -> float:
    """Thread time for profiling: sum of the kernel and user-space CPU time."""
    return thread_time_ns() / 1e9


def thread_time_ns() -> int:
    """Thread time for profiling as nanoseconds."""
    return int(_machine.thread_cpu_us()) * 1000


def prepare() -> None:
    for function in (process_time, process_time_ns, thread_time, thread_time_ns):
        setattr(time, function.__name__, builtin(function, "time"))


def install(machine: Any) -> None:
    global _machine
    _machine = machine
