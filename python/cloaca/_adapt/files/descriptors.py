"""``os`` and ``fcntl`` on flags of descriptors, and reads and writes that have to wait.

In Pyodide (seen in 314.0.7), O_NONBLOCK cannot be cleared, every descriptor is inheritable, ``os.readv`` on an empty
pipe loses the data that it read, and ``os.pipe2`` and ``os.sendfile`` do not exist. The host interrupts a C read or
write that has to wait (``endpoint-streams.ts``), and the handler of the interrupt waits here, on the stack that made
the call. Can be deleted when Emscripten keeps these flags, and its reads and writes can suspend.

Proved by ``python/tests/stdlib/test_descriptors.py``.
"""

from __future__ import annotations

import errno
import fcntl
import operator
import os
import sys
from typing import Any, Optional, Tuple

from ..._border import host
from .. import interrupts, readiness
from ..builtin import builtin
from ..c_numbers import c_int, c_long, c_size, c_unsigned

FD_CLOEXEC = 1

#: Limit of Emscripten, which allocates an entry for every number below the requested number of a copy.
_MAX_DESCRIPTORS = 4096
_COPIES = (fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC)

_fcntl: Any = fcntl.fcntl
_c_dup2, _c_pipe, _c_readv, _c_writev = os.dup2, os.pipe, os.readv, os.writev
#: Maximum number of bytes per call, so that other stacks can run in between.
_SENDFILE_CHUNK = 256 * 1024


def _take_blocked() -> Optional[Tuple[int, int, str]]:
    blocked = host.descriptors.take_blocked()
    return None if blocked is None else tuple(blocked)


def _wait_until_ready(blocked: Tuple[int, int, str]) -> None:
    """Suspends the calling stack until a read or write can continue."""
    readiness.wait_descriptors(blocked[:1], blocked[1:2], -1)


def _give_up(blocked: Tuple[int, int, str]) -> None:
    host.descriptors.abandon_write(blocked[0], blocked[2])


def _bad_descriptor() -> OSError:
    return OSError(errno.EBADF, os.strerror(errno.EBADF))


def status_flags(descriptor: int) -> int:
    """Returns the flags of an open file."""
    flags = int(host.descriptors.status_flags(descriptor))
    if flags < 0:
        raise _bad_descriptor()
    return flags


def set_status_flags(descriptor: int, flags: int) -> None:
    """Sets those flags of an open file that can be changed."""
    if not host.descriptors.set_status_flags(descriptor, flags):
        raise _bad_descriptor()


def get_blocking(fd: int, /) -> bool:
    """Get the blocking mode of the file descriptor: False if the O_NONBLOCK flag is set, True if it is cleared."""
    return not status_flags(c_int(fd)) & os.O_NONBLOCK


def set_blocking(fd: int, blocking: Any, /) -> None:
    """Set the blocking mode of the specified file descriptor."""
    fd = c_int(fd)
    flags = status_flags(fd)
    set_status_flags(fd, flags & ~os.O_NONBLOCK if blocking else flags | os.O_NONBLOCK)


def get_inheritable(fd: int, /) -> bool:
    """Get the close-on-exe flag of the specified file descriptor."""
    fd = c_int(fd)
    status_flags(fd)
    return bool(host.descriptors.is_inheritable(fd))


def set_inheritable(fd: int, inheritable: Any, /) -> None:
    """Set the inheritable flag of the specified file descriptor."""
    fd = c_int(fd)
    status_flags(fd)
    host.descriptors.set_inheritable(fd, bool(inheritable))


def number_of(fd: Any) -> int:
    """Returns the number of a descriptor, or of an object with ``fileno()``. Rejects the same values as C."""
    if not isinstance(fd, int):
        if not hasattr(fd, "fileno"):
            raise TypeError("argument must be an int, or have a fileno() method.")
        fd = fd.fileno()
        if not isinstance(fd, int):
            raise TypeError("fileno() returned a non-integer")
    if not -(2**31) <= fd < 2**31:
        raise OverflowError("Python int too large to convert to C int")
    if fd < 0:
        raise ValueError(f"file descriptor cannot be a negative integer ({fd})")
    return int(fd)


def control(fd: Any, cmd: int, arg: Any = 0, /) -> Any:
    """Perform the operation `cmd` on file descriptor fd."""
    cmd = c_int(cmd)
    if cmd in _COPIES and c_unsigned(arg) >= _MAX_DESCRIPTORS:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    if cmd not in (fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_SETFL):
        return _fcntl(fd, cmd, arg)
    descriptor = number_of(fd)
    sys.audit("fcntl.fcntl", descriptor, cmd, arg)
    if cmd == fcntl.F_GETFD:
        return 0 if get_inheritable(descriptor) else FD_CLOEXEC
    if cmd == fcntl.F_SETFD:
        set_inheritable(descriptor, not operator.index(arg) & FD_CLOEXEC)
    else:
        set_status_flags(descriptor, c_unsigned(arg))
    return 0


def dup2(fd: int, fd2: int, inheritable: bool = True) -> int:
    """Duplicate file descriptor."""
    copy = _c_dup2(fd, fd2, inheritable)
    host.descriptors.set_inheritable(copy, bool(inheritable))
    return copy


def pipe2(flags: int, /) -> Tuple[int, int]:
    """Create a pipe with flags set atomically."""
    flags = c_int(flags)
    ends = _c_pipe()
    for end in ends:
        set_status_flags(end, flags)
        host.descriptors.set_inheritable(end, not flags & os.O_CLOEXEC)
    return ends


def readv(fd: int, buffers: Any, /) -> int:
    """Read from a file descriptor fd into an iterable of buffers."""
    if not _may_wait(fd):
        return _c_readv(fd, buffers)
    views = [memoryview(buffer).cast("B") for buffer in buffers]
    data = memoryview(os.read(fd, sum(map(len, views))))
    rest = data
    for view in views:
        part = rest[: len(view)]
        view[: len(part)] = part
        rest = rest[len(part) :]
    return len(data)


def writev(fd: int, buffers: Any, /) -> int:
    """Iterate over buffers, and write the contents of each to a file descriptor."""
    if not _may_wait(fd):
        return _c_writev(fd, buffers)
    return os.write(fd, b"".join(memoryview(buffer).cast("B") for buffer in buffers))


def _may_wait(fd: int) -> bool:
    return int(host.sockets.descriptor_changes(c_int(fd))) >= 0


def sendfile(out_fd: Any, in_fd: Any, offset: Optional[int], count: int) -> int:
    """Copy count bytes from file descriptor in_fd to file descriptor out_fd."""
    target, source = c_int(out_fd), c_int(in_fd)
    size = min(c_size(count), _SENDFILE_CHUNK)
    if size < 0:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    if offset is not None and c_long(offset) < 0:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    before = os.lseek(source, 0, os.SEEK_CUR)
    start = before if offset is None else offset
    sent = 0
    try:
        os.lseek(source, start, os.SEEK_SET)
        data = os.read(source, size)
        if data:
            sent = os.write(target, data)
    finally:
        os.lseek(source, start + sent if offset is None else before, os.SEEK_SET)
    return sent


def prepare() -> None:
    """Installs the functions. The function for the other commands of ``fcntl`` is already installed."""
    global _fcntl
    _fcntl = fcntl.fcntl
    fcntl.fcntl = builtin(control, "fcntl", "fcntl")
    for name, function in (
        ("get_blocking", get_blocking),
        ("set_blocking", set_blocking),
        ("get_inheritable", get_inheritable),
        ("set_inheritable", set_inheritable),
        ("dup2", dup2),
        ("pipe2", pipe2),
        ("readv", readv),
        ("writev", writev),
        ("sendfile", sendfile),
    ):
        setattr(os, name, builtin(function, "posix"))


def install() -> None:
    interrupts.take_blocked, interrupts.wait_until_ready, interrupts.give_up = (
        _take_blocked,
        _wait_until_ready,
        _give_up,
    )
