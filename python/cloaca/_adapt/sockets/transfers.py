"""Methods of ``_socket.socket`` that receive and send data.

This module replaces nothing; ``socket_object`` builds its class from it. Each method names the class when it calls
another one, since a subclass of a script may override it.
"""

from __future__ import annotations

import operator
import os
from typing import Any, List, Optional, Tuple

from ..._border import host
from ..._border.javascript import bytes_of
from ..c_numbers import c_size
from ..readiness import READABLE, WRITABLE, Deadline, fail, wait_or_time_out
from . import addresses
from . import name_lookups as names
from .open_sockets import AF_UNIX, SOCK_DGRAM, Description

MSG_PEEK, MSG_TRUNC, MSG_WAITALL, MSG_DONTWAIT = 2, 32, 256, 64

#: Maximum number of bytes that are copied to JavaScript in one call.
_CHUNK = 256 * 1024
#: Marker for the address to which a socket is connected.
_PEER = object()

_LONGEST_DATAGRAM, _LONGEST_LOCAL_DATAGRAM = 65507, 212_960


class Transfers:
    """Methods of a socket that receive and send data."""

    __slots__ = ("_fd", "_last", "_timeout", "_given")

    _fd: int
    _timeout: Optional[float]

    @property
    def _description(self) -> Description:
        raise NotImplementedError

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        bufsize = c_size(bufsize)
        if bufsize < 0:
            raise ValueError("negative buffersize in recv")
        if self._description.kind == SOCK_DGRAM:
            return Transfers.recvfrom(self, bufsize, flags)[0]
        deadline = Deadline(0 if flags & MSG_DONTWAIT else self._timeout)
        if not flags & MSG_WAITALL:
            return self._read(bufsize, flags, deadline)
        parts: List[bytes] = []
        missing = bufsize
        while missing > 0:
            part = self._read(missing, flags, deadline)
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _read(self, size: int, flags: int, deadline: Deadline) -> bytes:
        number = self._description.number
        while True:
            data = host.sockets.read(number, size, bool(flags & MSG_PEEK))
            if data is None:
                wait_or_time_out(number, READABLE, deadline)
                if self._fd == -1:
                    fail("EBADF")
            elif isinstance(data, str):
                fail(data)
            else:
                return data.to_bytes()  # type: ignore[no-any-return]

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        return Transfers.recvfrom_into(self, buffer, nbytes, flags)[0]

    def recvfrom(self, bufsize: int, flags: int = 0, /) -> Tuple[bytes, Any]:
        bufsize = c_size(bufsize)
        if bufsize < 0:
            raise ValueError("negative buffersize in recvfrom")
        return self._receive(bufsize, flags)[:2]

    def _receive(self, size: int, flags: int) -> Tuple[bytes, Any, int]:
        """Returns received data, their sender, and message flags."""
        description = self._description
        if description.kind != SOCK_DGRAM:
            return Transfers.recv(self, size, flags), None, 0
        deadline = Deadline(0 if flags & MSG_DONTWAIT else self._timeout)
        while True:
            answer = host.sockets.receive_datagram(description.number, bool(flags & MSG_PEEK))
            if isinstance(answer, str):
                fail(answer)
            if answer is not None:
                data, *sender = answer
                whole = data.to_bytes()
                message_flags = MSG_TRUNC if len(whole) > size else 0
                return whole[:size], _sender(description.family, sender), message_flags
            wait_or_time_out(description.number, READABLE, deadline)

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> Tuple[int, Any]:
        view = memoryview(buffer).cast("B")
        nbytes = c_size(nbytes)
        if nbytes < 0:
            raise ValueError("negative buffersize in recv_into")
        if nbytes > len(view):
            raise ValueError("buffer too small for requested bytes")
        data, address = Transfers.recvfrom(self, nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data), address

    def send(self, data: Any, flags: int = 0, /) -> int:
        if self._description.kind == SOCK_DGRAM:
            return self._send_datagram(data, _PEER, flags)
        view = _bytes_of(data)
        deadline = Deadline(0 if flags & MSG_DONTWAIT else self._timeout)
        sent = self._write(view, deadline)
        # A blocking socket takes all data. An error after a part of the data is raised by the next call.
        while sent < len(view) and deadline.timeout is None:
            try:
                sent += self._write(view[sent:], deadline)
            except OSError:
                break
        return sent

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        deadline = Deadline(self._timeout)
        if self._description.kind == SOCK_DGRAM:
            self._send_datagram(data, _PEER, flags)
            return
        view = _bytes_of(data)
        while view:
            view = view[self._write(view, deadline) :]

    def _write(self, view: memoryview, deadline: Deadline) -> int:
        number = self._description.number
        part = bytes_of(view[:_CHUNK])
        while True:
            taken = host.sockets.write(number, part)
            if taken is None:
                wait_or_time_out(number, WRITABLE, deadline)
            elif isinstance(taken, str):
                fail(taken)
            else:
                return int(taken)

    def sendto(self, data: Any, *rest: Any) -> int:
        if len(rest) not in (1, 2):
            raise TypeError(f"sendto() takes 2 or 3 arguments ({len(rest) + 1} given)")
        if self._description.kind != SOCK_DGRAM:
            return Transfers.send(self, data, *rest[:-1])
        return self._send_datagram(data, rest[-1], *map(operator.index, rest[:-1]))

    def _send_datagram(self, data: Any, address: Any, flags: int = 0) -> int:
        description = self._description
        view = _bytes_of(data)
        target: Tuple[Any, ...] = ()
        if address is not _PEER and description.family == AF_UNIX:
            target = (addresses.path_for_host(addresses.parse_path(address)),)
        elif address is not _PEER:
            target = addresses.parse_address(description.family, address, "sendto")
        elif host.sockets.peer_address(description.number) is None:
            fail("ENOTCONN" if description.family == AF_UNIX else "EDESTADDRREQ")
        if len(view) > (_LONGEST_DATAGRAM if description.family != AF_UNIX else _LONGEST_LOCAL_DATAGRAM):
            fail("EMSGSIZE")
        deadline = Deadline(0 if flags & MSG_DONTWAIT else self._timeout)
        while True:
            error = host.sockets.send_datagram(description.number, bytes_of(view), *target)
            if error is None:
                return len(view)
            if error != "EAGAIN":
                fail(error)
            wait_or_time_out(description.number, WRITABLE, deadline)


def _bytes_of(data: Any) -> memoryview:
    try:
        return memoryview(data).cast("B")
    except TypeError:
        raise TypeError(f"a bytes-like object is required, not '{type(data).__name__}'") from None


def _sender(family: int, address: List[Any]) -> Any:
    """Returns the address of a datagram's sender, or None for a Unix socket without one."""
    if family != AF_UNIX:
        return names.format_address(family, address)
    return addresses.path_for_script(os.fsencode(address[0])) if address[0] else None
