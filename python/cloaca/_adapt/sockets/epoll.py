"""``select.epoll``, which Pyodide (seen in 314.0.7) does not have, based on the readiness of sockets and pipes.

It makes ``selectors.EpollSelector`` available, which is the default selector on Linux. Can be deleted together with
``select_poll``.

Proved by ``python/tests/stdlib/test_select.py``.
"""

from __future__ import annotations

import errno
import os
import select
import weakref
from typing import Any, Dict, List, Optional, Tuple

from ..._border import bridge, host
from ..._border.javascript import array_of
from .. import readiness
from ..c_numbers import c_int, c_unsigned
from ..files.descriptors import number_of
from ..readiness import Deadline
from .select_poll import UNASKED, poll_timeout

CONSTANTS = {
    "EPOLLIN": 1,
    "EPOLLPRI": 2,
    "EPOLLOUT": 4,
    "EPOLLERR": 8,
    "EPOLLHUP": 16,
    "EPOLLRDNORM": 64,
    "EPOLLRDBAND": 128,
    "EPOLLWRNORM": 256,
    "EPOLLWRBAND": 512,
    "EPOLLMSG": 1024,
    "EPOLLRDHUP": 1 << 13,
    "EPOLLEXCLUSIVE": 1 << 28,
    "EPOLLWAKEUP": 1 << 29,
    "EPOLLONESHOT": 1 << 30,
    "EPOLLET": 1 << 31,
    "EPOLL_CLOEXEC": 0o2000000,
}
_ONE_SHOT, _EDGE = CONSTANTS["EPOLLONESHOT"], CONSTANTS["EPOLLET"]
_BITS = 0xFFFF
_MAX_EVENTS = 2**31 - 1


class _Interest:
    """Events to watch on one descriptor and, if it is edge-triggered, the last reported state."""

    __slots__ = ("changes", "file", "is_reported", "mask")

    def __init__(self, file: int, mask: int) -> None:
        self.file, self.mask = file, mask
        self.changes = -1
        self.is_reported = False


class _Interests(Dict[int, _Interest]):
    """Events to watch, by descriptor."""


#: Interests by the descriptor of the epoll object. Several objects can share one.
_interests: weakref.WeakValueDictionary[int, _Interests] = weakref.WeakValueDictionary()


class epoll:  # the name that scripts see
    """select.epoll(sizehint=-1, flags=0): an epolling object, which can wait for events of many descriptors."""

    __module__ = "select"
    __slots__ = ("_descriptor", "_events", "_interests")

    def __init__(self, sizehint: int = -1, flags: int = 0) -> None:
        if (sizehint := c_int(sizehint)) != -1 and sizehint <= 0:
            raise ValueError("negative sizehint")
        if c_int(flags) & ~CONSTANTS["EPOLL_CLOEXEC"]:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._events: List[int] = []
        # Descriptor of the object. Nothing is ever read from it.
        self._descriptor = os.open(os.devnull, os.O_RDONLY)
        self._interests = _interests[self._descriptor] = _Interests()

    @classmethod
    def fromfd(cls, fd: int, /) -> epoll:
        """Create an epoll object from a given control fd."""
        made = cls.__new__(cls)
        made._events = []
        made._descriptor = c_int(fd)
        made._interests = _interests.setdefault(made._descriptor, _Interests())
        return made

    def __enter__(self) -> epoll:
        self._check()
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_descriptor", -1) >= 0:
            try:
                self.close()
            except OSError:
                pass  # a finalizer cannot report it

    @property
    def closed(self) -> bool:
        """True if the epoll handler is closed."""
        return self._descriptor < 0

    def close(self) -> None:
        """Close the epoll control file descriptor. Further operations on the object will raise an exception."""
        descriptor, self._descriptor = self._descriptor, -1
        self._interests = _Interests()
        if descriptor >= 0:
            os.close(descriptor)

    def fileno(self) -> int:
        """Return the epoll control file descriptor."""
        self._check()
        return self._descriptor

    def register(self, fd: Any, eventmask: int = 7) -> None:
        """Registers a new fd."""
        self._check()
        number = number_of(fd)
        file = self._file(number)
        known = self._interests.get(number)
        if known is not None and known.file == file:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        if number == self._descriptor:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        if int(host.sockets.descriptor_changes(number)) < 0 and not _can_be_watched(number):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        self._set(number, _Interest(file, c_unsigned(eventmask)))

    def modify(self, fd: Any, eventmask: int) -> None:
        """Modify event mask for a registered file descriptor."""
        number = self._known(fd)
        self._set(number, _Interest(self._interests[number].file, c_unsigned(eventmask)))

    def unregister(self, fd: Any) -> None:
        """Remove a registered file descriptor from the epoll object."""
        del self._interests[self._known(fd)]

    def poll(self, timeout: Optional[float] = None, maxevents: int = -1) -> List[Tuple[int, int]]:
        """Wait for events for at most ``timeout`` seconds. None or a negative number means no limit."""
        deadline = Deadline(poll_timeout(timeout, 1000))
        maxevents = c_int(maxevents)
        if maxevents != -1 and maxevents <= 0:
            raise ValueError(f"maxevents must be greater than 0, got {maxevents}")
        self._check()
        while True:
            os.fstat(self._descriptor)  # raises an error if a script closed the descriptor itself
            ready = self._ready(_MAX_EVENTS if maxevents == -1 else maxevents)
            left = deadline.left_ms()
            if ready or (left == 0 and not deadline.may_check_again()):
                readiness.give_way()
                return ready
            self._wait(left)
            self._check()

    def _wait(self, left_ms: float) -> None:
        """Waits until there may be events. An edge that was reported triggers again when the state has changed."""
        event = bridge.new_event()
        self._events.append(event)
        watched = [(number, each) for number, each in self._interests.items() if not each.is_reported]
        host.sockets.watch_descriptors(
            event,
            array_of([number for number, _ in watched]),
            array_of([each.mask & _BITS for _, each in watched]),
            array_of([each.changes for _, each in watched]),
        )
        try:
            bridge.wait_event(event, left_ms)
        finally:
            self._events.remove(event)
            host.sockets.unwatch(event)

    def _set(self, number: int, interest: _Interest) -> None:
        """Changes the events to watch, and wakes other threads that wait here."""
        self._interests[number] = interest
        for event in self._events:
            bridge.set_event(event)

    def _ready(self, most: int) -> List[Tuple[int, int]]:
        found: List[Tuple[int, int]] = []
        for number, interest in list(self._interests.items()):
            if len(found) == most:
                break
            ready = int(host.sockets.descriptor_readiness(number))
            if ready & readiness.NOT_OPEN or int(host.sockets.descriptor_file(number)) != interest.file:
                del self._interests[number]
                continue
            ready &= (interest.mask & _BITS) | UNASKED
            if not ready or interest.is_reported:
                continue
            if interest.mask & _EDGE:
                changes = int(host.sockets.descriptor_changes(number))
                if changes == interest.changes:
                    continue
                interest.changes = changes
            interest.is_reported = bool(interest.mask & _ONE_SHOT)
            found.append((number, ready))
        return found

    def _file(self, number: int) -> int:
        file = int(host.sockets.descriptor_file(number))
        if file < 0:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return file

    def _known(self, fd: Any) -> int:
        self._check()
        number = number_of(fd)
        file = self._file(number)
        interest = self._interests.get(number)
        if interest is None or interest.file != file:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return number

    def _check(self) -> None:
        if self._descriptor < 0:
            raise ValueError("I/O operation on closed epoll object")


def _can_be_watched(number: int) -> bool:
    """Returns whether the descriptor can be watched. A terminal can, and is always ready. A file or folder cannot."""
    import stat

    return stat.S_ISCHR(os.fstat(number).st_mode)


def prepare() -> None:
    """Installs ``epoll``. Called before ``selectors`` is imported."""
    select.epoll = epoll  # type: ignore[misc,assignment]
    for name, value in CONSTANTS.items():
        setattr(select, name, value)
