"""``signal.alarm`` and the interval timers, which Pyodide (seen in 314.0.7) does not have.

The timers are those of the interpreter's process, so a script that computes cannot delay them. ``ITIMER_VIRTUAL`` and
``ITIMER_PROF`` measure the CPU time of that process. Can be deleted together with ``signals``.

Proved by ``python/tests/stdlib/test_signal.py``.
"""

from __future__ import annotations

import _signal
import errno
import math
import os
import signal as _module
import time
from typing import Any, Callable, Dict, Tuple

from ..._border import host
from ..builtin import builtin
from ..c_numbers import c_int, c_seconds, c_unsigned
from ..process import cpu_clocks

_KINDS = {0: "real", 1: "virtual", 2: "prof"}
_CLOCKS: Dict[int, Callable[[], float]] = {0: time.monotonic, 1: cpu_clocks.process_time, 2: cpu_clocks.process_time}

#: Running timers: the time at which each is due, on its own clock, and its interval. Both in seconds.
_running: Dict[int, Tuple[float, float]] = {}


def getitimer(which: int, /) -> Tuple[float, float]:
    """Return the seconds until the timer fires, and its interval. Both are zero if it is not running."""
    if which not in _KINDS:
        raise _signal.ItimerError(errno.EINVAL, os.strerror(errno.EINVAL))
    if which not in _running:
        return (0.0, 0.0)
    due, interval = _running[which]
    left = due - _CLOCKS[which]()
    if left <= 0:
        if interval == 0:
            del _running[which]
            return (0.0, 0.0)
        left = interval - (-left % interval)
    return (left, interval)


def setitimer(which: int, seconds: float, interval: float = 0.0, /) -> Tuple[float, float]:
    """Sets a timer to fire after ``seconds``, then every ``interval`` seconds. Returns the previous remaining time."""
    before = getitimer(which)
    if not isinstance(seconds, (int, float)) or not isinstance(interval, (int, float)):
        raise TypeError("must be real number, not " + type(seconds).__name__)
    seconds, interval = c_seconds(seconds), c_seconds(interval)
    if seconds < 0 or interval < 0:
        raise _signal.ItimerError(errno.EINVAL, os.strerror(errno.EINVAL))
    if seconds == 0:
        _running.pop(which, None)
    else:
        _running[which] = (_CLOCKS[which]() + seconds, interval)
    host.signals.set_timer(_KINDS[which], seconds * 1000, interval * 1000)
    return before


def alarm(seconds: int, /) -> int:
    """Arrange for SIGALRM to arrive after the given number of seconds, or never if 0.

    Returns the previous remaining time.
    """
    left = setitimer(0, c_unsigned(c_int(seconds)))[0]
    return max(1, math.floor(left + 0.5)) if left > 0 else 0


def prepare() -> None:
    values: Dict[str, Any] = {
        "alarm": builtin(alarm, "signal"),
        "setitimer": builtin(setitimer, "signal"),
        "getitimer": builtin(getitimer, "signal"),
        "ITIMER_REAL": 0,
        "ITIMER_VIRTUAL": 1,
        "ITIMER_PROF": 2,
        "ItimerError": getattr(_signal, "ItimerError", None) or getattr(_signal, "itimer_error", None) or OSError,
    }
    for name, value in values.items():
        setattr(_signal, name, value)
        setattr(_module, name, value)
