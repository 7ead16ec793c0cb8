"""``sendmsg`` and ``recvmsg``: several buffers in one call, and descriptors that are sent along.

This module replaces nothing; ``socket_object`` builds its class from it. Descriptors can be sent only to sockets of the
same interpreter, because a descriptor has no meaning in another process.
"""

from __future__ import annotations

import array
import contextlib
import errno
import operator
import os
from typing import Any, List, Tuple

from ..._border import host
from ..._border.javascript import array_of
from ..c_numbers import c_long, c_size
from .open_sockets import AF_UNIX, SOCK_DGRAM
from .transfers import Transfers

SOL_SOCKET, SCM_RIGHTS = 1, 1
MSG_CTRUNC = 8
_HEADER_SIZE, _INT_SIZE = 12, 4
_LONGEST_LENGTH = 0x7FFFFFFF


class Messages(Transfers):
    """Methods of a socket that send and receive messages."""

    __slots__ = ()

    def sendmsg(self, buffers: Any, ancdata: Any = (), flags: int = 0, address: Any = None, /) -> int:
        parts = [memoryview(buffer).cast("B") for buffer in _iterated(buffers, 1)]
        descriptors = _descriptors_in(ancdata)
        flags = operator.index(flags)
        if address is not None and not isinstance(address, (tuple, str, bytes, bytearray, memoryview)):
            raise TypeError(f"sendmsg(): address must be a tuple or a path, not {type(address).__name__}")
        data = b"".join(parts)
        if descriptors and not self._can_send_descriptors():
            raise OSError(errno.EOPNOTSUPP, "Descriptors can be sent only to a Unix stream socket of the same script")
        copies: List[int] = []
        try:
            copies.extend(os.dup(number) for number in descriptors)
            sent = (
                Transfers.send(self, data, flags) if address is None else Transfers.sendto(self, data, flags, address)
            )
        except BaseException:
            _close(copies)
            raise
        if copies:
            host.sockets.send_descriptors(self._description.number, sent, array_of(copies))
        return sent

    def _can_send_descriptors(self) -> bool:
        return bool(host.sockets.can_send_descriptors(self._description.number))

    def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /) -> Any:
        bufsize = c_size(bufsize)
        if bufsize < 0:
            raise ValueError("negative buffer size in recvmsg()")
        _check_length(ancbufsize, "recvmsg")
        data, address, message_flags = self._receive(bufsize, flags)
        ancillary, truncated = self._take_descriptors(len(data), ancbufsize)
        return data, ancillary, message_flags | truncated, address

    def recvmsg_into(self, buffers: Any, ancbufsize: int = 0, flags: int = 0, /) -> Any:
        views = [memoryview(buffer).cast("B") for buffer in _iterated(buffers, 1, "recvmsg_into")]
        for view in views:
            if view.readonly:
                raise TypeError("recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers")
        _check_length(ancbufsize, "recvmsg_into")
        data, address, message_flags = self._receive(sum(map(len, views)), flags)
        rest = memoryview(data)
        for view in views:
            part = rest[: len(view)]
            view[: len(part)] = part
            rest = rest[len(part) :]
        ancillary, truncated = self._take_descriptors(len(data), ancbufsize)
        return len(data), ancillary, message_flags | truncated, address

    def _take_descriptors(self, size: int, room: int) -> Tuple[List[Tuple[int, int, bytes]], int]:
        """Returns the descriptors that came with the last bytes and fit into the buffer. The others are closed."""
        description = self._description
        if description.family != AF_UNIX or description.kind == SOCK_DGRAM:
            return [], 0
        arrived, unwanted = host.sockets.take_descriptors(description.number, size).to_py()
        _close(unwanted)
        if not arrived:
            return [], 0
        fitting = max(0, (room - _HEADER_SIZE) // _INT_SIZE)
        taken = arrived[:fitting]
        _close(arrived[fitting:])
        ancillary = [(SOL_SOCKET, SCM_RIGHTS, array.array("i", taken).tobytes())] if room >= _HEADER_SIZE else []
        return ancillary, 0 if len(taken) == len(arrived) else MSG_CTRUNC


def _iterated(value: Any, position: int, call: str = "sendmsg") -> List[Any]:
    try:
        return list(value)
    except TypeError:
        raise TypeError(f"{call}() argument {position} must be an iterable") from None


def _descriptors_in(ancillary: Any) -> List[int]:
    """Returns the descriptors in the control messages that a script sends."""
    found = array.array("i")
    is_known = True
    for item in _iterated(ancillary, 2):
        if not isinstance(item, tuple) or len(item) != 3:
            raise TypeError("[sendmsg() ancillary data items] must be a sequence of length 3")
        level, kind = operator.index(item[0]), operator.index(item[1])
        data = bytes(memoryview(item[2]))
        if (level, kind) != (SOL_SOCKET, SCM_RIGHTS):
            is_known = False
        else:
            found.frombytes(data[: len(data) - len(data) % found.itemsize])
    if not is_known:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return found.tolist()


def _check_length(length: int, call: str) -> None:
    if not 0 <= c_long(length) <= _LONGEST_LENGTH:
        raise ValueError(f"invalid ancillary data buffer length in {call}()")


def _close(descriptors: List[int]) -> None:
    for number in descriptors:
        with contextlib.suppress(OSError):
            os.close(number)
