"""``select.select`` and ``select.poll``, which suspend the calling stack until a socket or pipe is ready.

Pyodide's functions (seen in 314.0.7) know only its own descriptors, and cannot wait. Can be deleted together with
``socket_object``.

Proved by ``python/tests/stdlib/test_select.py``.
"""

from __future__ import annotations

import errno
import os
from typing import Any, Dict, List, Optional, Tuple

from ..._border import host
from .. import readiness
from ..c_numbers import c_seconds
from ..files.descriptors import number_of
from ..readiness import BROKEN, HUNG_UP, READABLE, WRITABLE, Deadline, timeout_number

#: States that are always reported: the descriptor is broken, hung up, or not open.
UNASKED = BROKEN | HUNG_UP | readiness.NOT_OPEN

#: Maximum timeout, because C has an int of milliseconds.
_LONGEST_MS = 2**31 - 1


def _described(group: Any) -> List[Tuple[Any, int]]:
    """Returns the members of a group with their descriptors. Getting a descriptor can shorten the group."""
    members = group if isinstance(group, (list, tuple)) else list(group)
    found: List[Tuple[Any, int]] = []
    while len(found) < len(members):
        member = members[len(found)]
        found.append((member, number_of(member)))
    return found


def ready_among(wanted: Dict[int, int]) -> List[Tuple[int, int]]:
    """Returns the descriptors that are ready for the requested events, with their event bits."""
    bits_of = host.sockets.descriptor_readiness
    found = []
    for number, bits in wanted.items():
        ready = bits_of(number) & (bits | UNASKED)
        if ready:
            found.append((number, ready))
    return found


def wait_among(wanted: Dict[int, int], left_ms: float) -> None:
    """Waits until a descriptor may be ready, or the time is over."""
    readiness.wait_descriptors(list(wanted), list(wanted.values()), left_ms)


def poll_timeout(timeout: Any, ms_per_unit: float) -> Optional[float]:
    """Converts the timeout of ``poll`` to seconds. None and negative timeouts become None, which means no limit."""
    number = timeout_number(timeout, "timeout must be a real number or None")
    if number is None:
        return None
    if number > _LONGEST_MS / ms_per_unit:
        raise OverflowError("timeout is too large")
    return None if number < 0 else number * ms_per_unit / 1000


class Poll:
    """Supports registering and unregistering file descriptors, and then polling them for I/O events."""

    __module__ = "select"
    __slots__ = ("_is_polling", "_wanted")

    _is_polling: bool
    _wanted: Dict[int, int]

    def __new__(cls) -> Poll:
        raise TypeError("cannot create 'select.poll' instances")

    @classmethod
    def _make(cls) -> Poll:
        made = object.__new__(cls)
        made._wanted = {}
        made._is_polling = False
        return made

    def register(self, fd: Any, eventmask: int = 7, /) -> None:
        self._wanted[number_of(fd)] = _event_mask(eventmask)

    def modify(self, fd: Any, eventmask: int, /) -> None:
        number, mask = number_of(fd), _event_mask(eventmask)
        if number not in self._wanted:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self._wanted[number] = mask

    def unregister(self, fd: Any, /) -> None:
        del self._wanted[number_of(fd)]

    def poll(self, timeout: Optional[float] = None, /) -> List[Tuple[int, int]]:
        deadline = Deadline(poll_timeout(timeout, 1))
        if self._is_polling:
            raise RuntimeError("concurrent poll() invocation")
        self._is_polling = True
        try:
            while True:
                wanted = dict(self._wanted)
                ready = ready_among(wanted)
                left = deadline.left_ms()
                if ready or (left == 0 and not deadline.may_check_again()):
                    readiness.give_way()
                    return ready
                wait_among(wanted, left)
        finally:
            self._is_polling = False


Poll.__name__ = Poll.__qualname__ = "poll"


def poll() -> Poll:
    """Returns a polling object, which supports registering and unregistering file descriptors."""
    return Poll._make()


def _event_mask(value: Any) -> int:
    if isinstance(value, float) or not hasattr(value, "__index__"):
        raise TypeError(f"'{type(value).__name__}' object cannot be interpreted as an integer")
    mask: int = value.__index__()
    if mask < 0:
        raise ValueError("value must be positive")
    if mask > 0xFFFF:
        raise OverflowError("Python int too large for C unsigned short")
    return mask


def select(rlist: Any, wlist: Any, xlist: Any, timeout: Optional[float] = None, /) -> Tuple[List[Any], ...]:
    """Wait until one or more file descriptors are ready for some kind of I/O."""
    if timeout is not None and not hasattr(timeout, "__float__") and not hasattr(timeout, "__index__"):
        raise TypeError("timeout must be a float or None")
    if timeout is not None and (timeout := c_seconds(timeout)) < 0:
        raise ValueError("timeout must be non-negative")
    readers, writers, others = _described(rlist), _described(wlist), _described(xlist)
    wanted: Dict[int, int] = {}
    for group, bit in ((readers, READABLE), (writers, WRITABLE), (others, 0)):
        for _, number in group:
            wanted[number] = wanted.get(number, 0) | bit
    deadline = Deadline(timeout)
    while True:
        ready = dict(ready_among(wanted))
        if any(bits & readiness.NOT_OPEN for bits in ready.values()):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        result: Tuple[List[Any], ...] = (
            [each for each, number in readers if ready.get(number, 0) & (READABLE | HUNG_UP | BROKEN)],
            [each for each, number in writers if ready.get(number, 0) & (WRITABLE | BROKEN)],
            [],
        )
        left = deadline.left_ms()
        if any(result) or (left == 0 and not deadline.may_check_again()):
            readiness.give_way()
            return result
        wait_among(wanted, left)
