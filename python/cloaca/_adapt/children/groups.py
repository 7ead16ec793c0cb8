"""``os.killpg``, ``os.getpgid``, ``os.getpgrp`` and ``os.getsid`` with the process groups of the operating system.

Pyodide's functions (seen in 314.0.7) know a single process with the number 42. The groups are read from ``/proc`` if
the system has it. Can be deleted together with ``starting``.

Proved by ``python/tests/stdlib/test_os_processes.py``.
"""

from __future__ import annotations

import errno
import os
from typing import List

from ..builtin import builtin
from ..c_numbers import c_int

_c_getpgid, _c_getsid = os.getpgid, os.getsid
#: Positions of the fields after the name of the program.
_GROUP, _SESSION = 2, 3


def killpg(pgid: int, signal: int, /) -> None:
    """Kill a process group with a signal."""
    group, signal = c_int(pgid), c_int(signal)
    if group < 0:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    os.kill(-group, signal)


def getpgid(pid: int) -> int:
    """Return the process group id of a process."""
    fields = _facts(c_int(pid))
    return int(fields[_GROUP]) if fields else _c_getpgid(pid)


def getpgrp() -> int:
    """Return the current process group id."""
    return getpgid(0)


def getsid(pid: int, /) -> int:
    """Return the session id of a process."""
    fields = _facts(c_int(pid))
    return int(fields[_SESSION]) if fields else _c_getsid(pid)


def _facts(pid: int) -> List[str]:
    """Returns the fields of ``/proc/PID/stat`` after the name of the program, or no fields if there is no ``/proc``."""
    if not os.path.exists("/proc/self/stat"):
        return []
    try:
        with open(f"/proc/{pid or os.getpid()}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH)) from None


def prepare() -> None:
    for function in (killpg, getpgid, getpgrp, getsid):
        setattr(os, function.__name__, builtin(function, "os"))
