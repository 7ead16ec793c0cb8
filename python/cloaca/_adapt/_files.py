"""``os`` and ``fcntl`` on the host's files: umask, hard links, file locks.

In Pyodide (seen in 314.0.7) ``os.umask`` changes nothing, ``os.link`` does not exist, and every file lock succeeds,
whoever holds it. The host keeps the umask and makes the links (``file-rules.ts``); a ``flock`` is taken for real;
record locks (``lockf``) are refused, since nothing here could take one. Can go when Pyodide does the same.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pathlib
import sys
from typing import Any, Optional

from .. import _bridge
from ._builtin import builtin

NO_RECORD_LOCKS = (
    "record locks (lockf, F_SETLK) cannot be taken in the cloaca engine; "
    "use fcntl.flock, which locks whole files, or create a lock file with open(path, 'x')"
)
NO_FILE_LOCKS = (
    "file locks need the program 'flock' of util-linux, which was not found; "
    "install it, or create a lock file with open(path, 'x')"
)
_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 5.0, 100.0
_RECORD_LOCK_COMMANDS = {
    getattr(fcntl, name) for name in ("F_GETLK", "F_SETLK", "F_SETLKW", "F_OFD_SETLK") if hasattr(fcntl, name)
}

_machine: Any = None
_c_fcntl = fcntl.fcntl


def umask(mask: int, /) -> int:
    """Set the current numeric umask and return the previous umask."""
    if not hasattr(mask, "__index__"):
        raise TypeError(f"'{type(mask).__name__}' object cannot be interpreted as an integer")
    return int(_machine.umask(int(mask)))


def link(
    src: Any,
    dst: Any,
    *,
    src_dir_fd: Optional[int] = None,
    dst_dir_fd: Optional[int] = None,
    follow_symlinks: bool = True,
) -> None:
    """Create a hard link to a file."""
    if src_dir_fd is not None or dst_dir_fd is not None:
        raise NotImplementedError("link: dir_fd unavailable on this platform")
    sys.audit("os.link", src, dst, -1, -1)
    name = _machine.link(*(os.path.abspath(os.fsdecode(path)) for path in (src, dst)))
    if name:
        code = getattr(errno, name, errno.EIO)
        raise OSError(code, os.strerror(code), src, None, dst)


def flock(fd: Any, operation: int, /) -> None:
    """Locks or unlocks an open file for all processes. Waiting suspends the calling thread only."""
    descriptor = fd if isinstance(fd, int) else fd.fileno()
    os.fstat(descriptor)
    pause_ms = _FIRST_PAUSE_MS
    while (name := _machine.flock(descriptor, operation & ~fcntl.LOCK_NB)) == "EAGAIN":
        if operation & fcntl.LOCK_NB:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        _bridge.sleep_ms(pause_ms)
        pause_ms = min(pause_ms * 2, _LONGEST_PAUSE_MS)
    if name == "ENOENT":
        raise OSError(errno.ENOTSUP, NO_FILE_LOCKS)
    if name:
        code = getattr(errno, name, errno.EIO)
        raise OSError(code, os.strerror(code))


def lockf(fd: Any, cmd: int, len: int = 0, start: int = 0, whence: int = 0, /) -> None:
    """Refuses to lock: see `flock`."""
    raise OSError(errno.ENOTSUP, NO_RECORD_LOCKS)


def control(fd: Any, cmd: int, arg: Any = 0, /) -> Any:
    """Does what the C function does, except for record locks."""
    if cmd in _RECORD_LOCK_COMMANDS:
        raise OSError(errno.ENOTSUP, NO_RECORD_LOCKS)
    return _c_fcntl(fd, cmd, arg)


def _hardlink_to(self: pathlib.Path, target: Any) -> None:
    """Make this path a hard link pointing to the same file as *target*."""
    os.link(target, self)


def prepare() -> None:
    os.umask = builtin(umask, "posix")
    os.link = builtin(link, "posix")
    os.lockf = builtin(lockf, "posix")
    fcntl.flock = builtin(flock, "fcntl")
    fcntl.lockf = builtin(lockf, "fcntl")
    fcntl.fcntl = builtin(control, "fcntl")
    pathlib.Path.hardlink_to = _hardlink_to  # type: ignore[method-assign]


def install(machine: Any) -> None:
    global _machine
    _machine = machine
