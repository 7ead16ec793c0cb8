"""``select.select`` and ``select.poll`` for the sockets of Node, and as before for everything else.

Pyodide's (seen in 314.0.7) know its own descriptors only, and cannot wait. Can go with ``_socket_object``.
"""

from __future__ import annotations

import os
import select as _select
from typing import Any, Dict, List, Optional, Tuple

from .. import _bridge
from . import _socket_door as door
from ._socket_door import BROKEN, HUNG_UP, READABLE, WRITABLE, Deadline
from ._socket_table import descriptions

_files_select, _files_poll = _select.select, _select.poll

#: Files and pipes cannot announce that they are ready; they are asked this often while a wait lasts.
_FILES_PAUSE_MS = 10


def _descriptor(of: Any) -> int:
    number = of
    if not isinstance(of, int):
        if not hasattr(of, "fileno"):
            raise TypeError("argument must be an int, or have a fileno() method.")
        number = of.fileno()
        if not isinstance(number, int):
            raise TypeError("fileno() returned a non-integer")
    if number < 0:
        raise ValueError(f"file descriptor cannot be a negative integer ({number})")
    return number


def _described(group: Any) -> List[Tuple[Any, int]]:
    """The members of a group with their descriptors; asking one for it may shorten the group."""
    members = group if isinstance(group, (list, tuple)) else list(group)
    found: List[Tuple[Any, int]] = []
    while len(found) < len(members):
        member = members[len(found)]
        found.append((member, _descriptor(member)))
    return found


def _ready_sockets(wanted: Dict[int, int]) -> Dict[int, int]:
    """The bits of the sockets that are ready for what is wanted of them."""
    ready = {}
    for number, bits in wanted.items():
        description = descriptions.get(number)
        found = 32 if description is None else door.sockets.readiness(description.number)
        found &= bits | BROKEN | HUNG_UP | 32
        if found:
            ready[number] = found
    return ready


def _wait(wanted: Dict[int, int], left_ms: float) -> None:
    """Waits until a socket may be ready, or the time is over."""
    known = {number: descriptions[number] for number in wanted if number in descriptions}
    if known:
        numbers = [description.number for description in known.values()]
        door.wait_ready(numbers, [wanted[number] for number in known], left_ms)
    else:
        _bridge.sleep_ms(left_ms if left_ms >= 0 else 3_600_000)


class poll:  # the name that scripts see
    """Supports registering and unregistering file descriptors, and then polling them for I/O events."""

    def __init__(self) -> None:
        self._wanted: Dict[int, int] = {}

    def register(self, fd: Any, eventmask: int = 7, /) -> None:
        self._wanted[_descriptor(fd)] = eventmask

    def modify(self, fd: Any, eventmask: int, /) -> None:
        number = _descriptor(fd)
        if number not in self._wanted:
            raise FileNotFoundError(44, "No such file or directory")
        self._wanted[number] = eventmask

    def unregister(self, fd: Any, /) -> None:
        del self._wanted[_descriptor(fd)]

    def poll(self, timeout: Optional[float] = None, /) -> List[Tuple[int, int]]:
        deadline = Deadline(None if timeout is None or timeout < 0 else timeout / 1000)
        sockets = {number: bits for number, bits in self._wanted.items() if number in descriptions}
        files = {number: bits for number, bits in self._wanted.items() if number not in descriptions}
        while True:
            ready = list(_ready_sockets(sockets).items()) + _poll_files(files)
            left = deadline.left_ms()
            if ready or left == 0:
                return ready
            _wait(sockets, left if not files else _FILES_PAUSE_MS if left < 0 else min(left, _FILES_PAUSE_MS))


def _poll_files(wanted: Dict[int, int]) -> List[Tuple[int, int]]:
    if not wanted:
        return []
    poller = _files_poll()
    for number, bits in wanted.items():
        poller.register(number, bits)
    return poller.poll(0)


def select(rlist: Any, wlist: Any, xlist: Any, timeout: Optional[float] = None, /) -> Tuple[List[Any], ...]:
    """Wait until one or more file descriptors are ready for some kind of I/O."""
    if timeout is not None and not hasattr(timeout, "__float__") and not hasattr(timeout, "__index__"):
        raise TypeError("timeout must be a float or None")
    if timeout is not None and timeout < 0:
        raise ValueError("timeout must be non-negative")
    readers, writers, others = _described(rlist), _described(wlist), _described(xlist)
    wanted: Dict[int, int] = {}
    for group, bit in ((readers, READABLE), (writers, WRITABLE), (others, 0)):
        for _, number in group:
            wanted[number] = wanted.get(number, 0) | bit
    sockets = {number: bits for number, bits in wanted.items() if number in descriptions}
    has_files = len(sockets) < len(wanted)
    for number in wanted.keys() - sockets.keys():
        os.fstat(number)  # raises for one that is closed
    deadline = Deadline(timeout)
    while True:
        ready = _ready_sockets(sockets)
        result = (
            [each for each, number in readers if ready.get(number, 0) & (READABLE | HUNG_UP | BROKEN)],
            [each for each, number in writers if ready.get(number, 0) & (WRITABLE | BROKEN)],
            [],
        )
        if has_files:
            result = tuple(a + b for a, b in zip(result, _ready_files((readers, writers, others), sockets)))  # type: ignore
        left = deadline.left_ms()
        if any(result) or left == 0:
            return result
        _wait(sockets, left if not has_files else _FILES_PAUSE_MS if left < 0 else min(left, _FILES_PAUSE_MS))


def _ready_files(groups: Tuple[List[Tuple[Any, int]], ...], sockets: Dict[int, int]) -> List[List[Any]]:
    """The members that are no sockets and are ready, group by group."""
    numbers = [[number for _, number in group if number not in sockets] for group in groups]
    ready = _files_select(*numbers, 0)
    return [[each for each, number in group if number in found] for group, found in zip(groups, ready)]
