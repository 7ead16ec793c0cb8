"""``os.waitpid``, ``wait``, ``wait3``, ``wait4`` and ``waitid``: wait until children end.

A wait suspends only the calling stack. The host is notified immediately when a child ends, and keeps the result until a
script reads it. It is not notified when a child is stopped or continued. Pyodide's functions (seen in 314.0.7) know no
children. Can be deleted together with ``starting``.

Proved by ``python/tests/stdlib/test_subprocess.py``.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import Any, Optional, Set, Tuple

from ..._border import bridge, host
from ..builtin import builtin
from ..c_numbers import c_int
from ..pauses import pause_until
from . import masked_output

_ANY = -1
#: Status of a child that could not be started: exit code 255.
_FAILED_STATUS = 255 << 8
#: A number that is larger than any number of a process.
_FIRST_FAILED = 2**30

_failed: Set[int] = set()
_last_failed = _FIRST_FAILED
#: Pauses between two checks if the stack cannot be suspended.
_PAUSES_MS = (1, 2, 5, 10)


def failed_child() -> int:
    """Returns a number for a process that could not be started, so that the caller can wait for it."""
    global _last_failed
    _last_failed += 1
    _failed.add(_last_failed)
    return _last_failed


def waitpid(pid: int, options: int, /) -> Tuple[int, int]:
    """Wait for completion of a given child process."""
    pid, options = c_int(pid), c_int(options)
    if pid in _failed:
        _failed.discard(pid)
        return pid, _FAILED_STATUS
    return _wait(pid, bool(options & os.WNOHANG), False) or (0, 0)


def _wait(pid: int, is_at_once: bool, is_kept: bool) -> Optional[Tuple[int, int]]:
    """Returns the number and status of an ended child, or None if ``is_at_once`` is set and no child has ended."""
    ended = _take(pid, is_kept)
    if ended is None and is_at_once and bridge.can_wait():
        bridge.sleep_ms(0)  # events arrive between two waits, and a script may poll in a loop
        ended = _take(pid, is_kept)
    while ended is None and not is_at_once:
        _wait_for_end(pid)
        ended = _take(pid, is_kept)
    if ended is not None:
        masked_output.drain(ended[0])
    return ended


def _take(pid: int, is_kept: bool) -> Optional[Tuple[int, int]]:
    found = host.children.take(pid, is_kept)
    if found is None:
        raise ChildProcessError(errno.ECHILD, os.strerror(errno.ECHILD))
    number_and_status = [int(each) for each in found]
    return (number_and_status[0], number_and_status[1]) if number_and_status else None


def _wait_for_end(pid: int) -> None:
    if not bridge.can_wait():
        pause_until(lambda: bool(list(host.children.take(pid, True) or [0])), _PAUSES_MS)
        return
    event = bridge.new_event()
    host.children.watch(event, pid)
    try:
        bridge.wait_event(event)
    finally:
        host.children.unwatch(event)


def wait() -> Tuple[int, int]:
    """Wait for completion of a child process."""
    return waitpid(_ANY, 0)


def wait3(options: int) -> Tuple[int, int, Any]:
    """Wait for completion of a child process. The resource usage is always zero."""
    return wait4(_ANY, options)


def wait4(pid: int, options: int) -> Tuple[int, int, Any]:
    """Wait for completion of a specific child process. The resource usage is always zero."""
    return (*waitpid(pid, options), _no_usage())


def _no_usage() -> Any:
    try:
        import resource
    except ImportError:
        return (0.0, 0.0, *(0,) * 14)
    return resource.struct_rusage((0.0, 0.0, *(0,) * 14))


def waitid(idtype: int, id: int, options: int, /) -> Optional[Any]:
    """Returns the result of waiting for a process or processes."""
    idtype, id, options = c_int(idtype), c_int(id), c_int(options)
    if not options & os.WEXITED or idtype not in (os.P_ALL, os.P_PID, os.P_PGID):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    pid = {os.P_ALL: _ANY, os.P_PID: id, os.P_PGID: -id}[idtype]
    ended = _wait(pid, bool(options & os.WNOHANG), bool(options & os.WNOWAIT))
    if ended is None:
        return None
    number, status = ended
    code, value = (os.CLD_KILLED, os.WTERMSIG(status)) if os.WIFSIGNALED(status) else (os.CLD_EXITED, status >> 8)
    return os.waitid_result((number, os.getuid(), int(signal.SIGCHLD), value, code))


def prepare() -> None:
    for function in (waitpid, wait, wait3, wait4, waitid):
        setattr(os, function.__name__, builtin(function, "posix"))
    posix = sys.modules["posix"]
    for function in (waitpid, wait, wait3, wait4, waitid):
        setattr(posix, function.__name__, getattr(os, function.__name__))
