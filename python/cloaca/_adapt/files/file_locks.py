"""``fcntl.flock``, ``fcntl.lockf``, ``os.lockf`` and record locks of ``fcntl.fcntl`` as real locks on the host's files.

In Pyodide (seen in 314.0.7) every file lock succeeds, even if another process has it. Here the engine's addon takes the
locks, which other processes see (``file-rules.ts``). Waiting for a lock suspends only the calling thread. Without the
addon, locking fails. As on every system, a record lock belongs to the process, so it does not exclude other scripts of
the same engine. Can be deleted when Pyodide's locks are those of the host.

Proved by ``python/tests/stdlib/test_fcntl.py``.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import sys
from typing import Any, Callable

from ..._border import host
from ..builtin import builtin
from ..c_numbers import c_int, c_long
from ..pauses import pause_until
from .descriptors import number_of

NO_LOCKS = "files cannot be locked: the engine's native addon was not loaded ({}). Build it with `npm rebuild`"

#: Pauses between two attempts to take a lock. The last one is repeated.
_PAUSES_MS = (1, 2, 4, 8, 16, 32, 50)
_BY_TYPE = {fcntl.F_RDLCK: "shared", fcntl.F_WRLCK: "exclusive", fcntl.F_UNLCK: "none"}
_TYPES = {lock: number for number, lock in _BY_TYPE.items()}
#: ``struct flock`` where offsets have 64 bits: type, whence, start, length, number of the process.
_FLOCK = struct.Struct("@hhqqi")

_c_fcntl = fcntl.fcntl


def _descriptor(fd: Any) -> int:
    descriptor = number_of(fd)
    os.fstat(descriptor)
    return descriptor


def _fail(name: str) -> None:
    if name == "ENOSYS":
        raise OSError(errno.ENOTSUP, NO_LOCKS.format(host.files.locks_problem))
    code = getattr(errno, name, errno.EIO)
    raise OSError(code, os.strerror(code))


def _take(try_to: Callable[[], str], waits: bool) -> None:
    """Takes a lock.

    If another process has it, waits until it is free, or raises ``BlockingIOError`` if ``waits`` is False.
    """
    name = ""

    def is_decided() -> bool:
        nonlocal name
        name = try_to()
        return name != "EAGAIN" or not waits

    pause_until(is_decided, _PAUSES_MS)
    if name:
        _fail(name)


def _from_start(descriptor: int, start: int, whence: int) -> int:
    """Returns an offset from the start of the file, because the host does not know the script's position in it."""
    start = c_long(start)
    if whence == os.SEEK_CUR:
        start += os.lseek(descriptor, 0, os.SEEK_CUR)
    elif whence == os.SEEK_END:
        start += os.fstat(descriptor).st_size
    elif whence != os.SEEK_SET:
        _fail("EINVAL")
    if start >= 2**63:
        _fail("EOVERFLOW")
    return start


def _lock(descriptor: int, lock: str, start: int, length: int) -> str:
    """Tries to take a lock. The host's numbers have 53 bits, so larger offsets are rounded."""
    return str(host.files.lock_records(descriptor, lock, float(start), float(length)))


def _test(descriptor: int, lock: str, start: int, length: int) -> Any:
    return host.files.test_records(descriptor, lock, float(start), float(length))


def flock(fd: Any, operation: int, /) -> None:
    """Perform the lock operation on an open file, for all processes."""
    descriptor = _descriptor(fd)
    operation = c_int(operation)
    sys.audit("fcntl.flock", descriptor, operation)
    wanted = operation & ~fcntl.LOCK_NB
    _take(lambda: str(host.files.flock(descriptor, wanted)), not operation & fcntl.LOCK_NB)


def lockf(fd: Any, cmd: int, len: int = 0, start: int = 0, whence: int = 0, /) -> None:
    """A wrapper around the fcntl() locking calls: locks bytes of an open file, for all other processes."""
    descriptor = _descriptor(fd)
    cmd, length, whence = c_int(cmd), c_long(len), c_int(whence)
    sys.audit("fcntl.lockf", descriptor, cmd, len, start, whence)
    if cmd == fcntl.LOCK_UN:
        lock = "none"
    elif cmd & fcntl.LOCK_SH:
        lock = "shared"
    elif cmd & fcntl.LOCK_EX:
        lock = "exclusive"
    else:
        raise ValueError("unrecognized lockf argument")
    begin = _from_start(descriptor, start, whence)
    _take(lambda: _lock(descriptor, lock, begin, length), not cmd & fcntl.LOCK_NB)


def lock_from_here(fd: int, command: int, length: int, /) -> None:
    """Apply, test or remove a POSIX lock on an open file descriptor, starting at the current position."""
    descriptor = _descriptor(fd)
    command, length = c_int(command), c_long(length)
    sys.audit("os.lockf", descriptor, command, length)
    begin = os.lseek(descriptor, 0, os.SEEK_CUR)
    if command == os.F_TEST:
        obstacle = _test(descriptor, "exclusive", begin, length)
        if isinstance(obstacle, str):
            _fail(obstacle)
        if obstacle.lock != "none":
            _fail("EACCES")
        return
    if command not in (os.F_LOCK, os.F_TLOCK, os.F_ULOCK):
        _fail("EINVAL")
    lock = "none" if command == os.F_ULOCK else "exclusive"
    _take(lambda: _lock(descriptor, lock, begin, length), command == os.F_LOCK)


def control(fd: Any, cmd: int, arg: Any = 0, /) -> Any:
    """Perform the operation `cmd` on file descriptor fd."""
    if cmd not in (fcntl.F_GETLK, fcntl.F_SETLK, fcntl.F_SETLKW):
        return _c_fcntl(fd, cmd, arg)
    descriptor = _descriptor(fd)
    sys.audit("fcntl.fcntl", descriptor, cmd, arg)
    # The padding at the end depends on the system.
    given = bytes(arg).ljust(_FLOCK.size, b"\0")
    kind, whence, start, length, _ = _FLOCK.unpack_from(given)
    if kind not in _BY_TYPE:
        _fail("EINVAL")
    begin = _from_start(descriptor, start, whence)
    if cmd != fcntl.F_GETLK:
        _take(lambda: _lock(descriptor, _BY_TYPE[kind], begin, length), cmd == fcntl.F_SETLKW)
        return bytes(arg)
    found = _test(descriptor, _BY_TYPE[kind], begin, length)
    if isinstance(found, str):
        _fail(found)
    if found.lock == "none":
        answer = _FLOCK.pack(fcntl.F_UNLCK, whence, start, length, 0)
    else:
        answer = _FLOCK.pack(_TYPES[found.lock], os.SEEK_SET, int(found.start), int(found.length), int(found.holder))
    return (answer + given[_FLOCK.size :])[: len(arg)]


def prepare() -> None:
    os.lockf = builtin(lock_from_here, "os", "lockf")
    fcntl.flock = builtin(flock, "fcntl")
    fcntl.lockf = builtin(lockf, "fcntl")
    fcntl.fcntl = builtin(control, "fcntl", "fcntl")
