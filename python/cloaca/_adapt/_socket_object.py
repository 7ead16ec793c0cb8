"""``_socket.socket`` over the sockets of Node.

Pyodide's own (seen in 314.0.7) pretends that every connection succeeded, or with its NodeSockFS knows IPv4 clients
only,
without error numbers, timeouts, UDP or listening. Everything above, ``socket`` included, is the standard library's.
Can go when Pyodide's sockets listen, time out and report errors.
"""

from __future__ import annotations

import errno
import os
from typing import Any, List, Optional, Tuple

from . import _socket_door as door
from . import _socket_names as names
from . import _socket_table as table
from ._socket_door import READABLE, WRITABLE, Deadline, fail, wait_or_time_out
from ._socket_table import AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_STREAM, TYPE_FLAGS, Description, adopt, descriptions

MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT = 2, 256, 64
SOCK_NONBLOCK = 0o4000

#: Bytes copied to JavaScript at once.
_CHUNK = 256 * 1024


class socket:  # the name that scripts see
    """socket(family=AF_INET, type=SOCK_STREAM, proto=0) -> socket object"""

    __module__ = "_socket"
    __slots__ = ("_fd", "_last", "_timeout")

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: Optional[int] = None) -> None:
        self._fd = -1
        if fileno is not None:
            if isinstance(fileno, float) or not hasattr(fileno, "__index__"):
                raise TypeError(f"'{fileno.__class__.__name__}' object cannot be interpreted as an integer")
            if fileno < 0:
                raise ValueError("negative file descriptor")
            if table.find(fileno) is None:
                os.fstat(fileno)
                fail("ENOTSOCK")
            self._fd = int(fileno)
        else:
            family = AF_INET if family == -1 else int(family)
            kind = SOCK_STREAM if type == -1 else int(type)
            self._fd = table.open_socket(family, kind & ~TYPE_FLAGS, 0 if proto == -1 else int(proto))
            if kind & SOCK_NONBLOCK:
                self._timeout: Optional[float] = 0.0
                return
        self._timeout = door.default_timeout

    def __del__(self) -> None:
        if getattr(self, "_fd", -1) != -1 and self._fd in descriptions:
            import warnings

            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)
            try:
                socket.close(self)
            except OSError:
                pass  # the descriptor was closed by somebody else

    @property
    def _description(self) -> Description:
        description = descriptions.get(self._fd)
        return description if description is not None else fail("EBADF")

    @property
    def family(self) -> int:
        return _kept(self).family

    @property
    def type(self) -> int:
        return _kept(self).kind

    @property
    def proto(self) -> int:
        return _kept(self).proto

    @property
    def timeout(self) -> Optional[float]:
        return self._timeout

    # --- descriptor -------------------------------------------------------------------------------------------------

    def fileno(self) -> int:
        return self._fd

    def detach(self) -> int:
        descriptor, self._fd = self._fd, -1
        self._last = descriptions.get(descriptor)
        return descriptor

    def close(self) -> None:
        descriptor = self.detach()
        if descriptor != -1:
            table.close_descriptor(descriptor)

    def settimeout(self, value: Any) -> None:
        self._timeout = door.checked_timeout(value)

    def gettimeout(self) -> Optional[float]:
        return self._timeout

    def setblocking(self, flag: Any) -> None:
        self._timeout = None if flag else 0.0

    def getblocking(self) -> bool:
        return self._timeout != 0

    # --- connections ------------------------------------------------------------------------------------------------

    def connect(self, address: Any, /) -> None:
        deadline = Deadline(self._timeout)
        error = self._start_connect(address, "connect")
        if error is None and deadline.timeout == 0:
            fail("EINPROGRESS")
        if error is not None:
            fail(error)
        number = self._description.number
        while door.sockets.state(number) in ("connecting", "binding"):
            wait_or_time_out(number, WRITABLE, deadline)
        self._check_connected(number)

    def connect_ex(self, address: Any, /) -> int:
        try:
            socket.connect(self, address)
        except TimeoutError as problem:
            return problem.errno or errno.EAGAIN
        except names.gaierror:
            raise
        except OSError as problem:
            return problem.errno or errno.EIO
        return 0

    def _start_connect(self, address: Any, call: str) -> Optional[str]:
        description = self._description
        state = door.sockets.state(description.number)
        if description.kind == SOCK_STREAM:
            if state == "connecting":
                return "EALREADY"
            if state == "connected":
                return "EISCONN"
        target = names.parse_address(description.family, address, call)
        if description.family == AF_UNIX:
            door.sockets.connect_path(description.number, target[0])
        elif state == "bound" and description.kind == SOCK_STREAM:
            local = door.sockets.local_address(description.number).to_py()
            door.sockets.unbind(description.number)
            door.sockets.connect(description.number, target[0], target[1], local[0], local[1])
        else:
            door.sockets.connect(description.number, target[0], target[1])
        return None

    def _check_connected(self, number: int) -> None:
        if self._description.kind == SOCK_DGRAM:
            error = door.sockets.take_error(number)
        else:
            error = None if door.sockets.state(number) == "connected" else door.sockets.take_error(number)
        if error is not None:
            fail(error)

    def bind(self, address: Any, /) -> None:
        description = self._description
        if description.bound is not None:
            fail("EINVAL")
        target = names.parse_address(description.family, address, "bind")
        number = description.number
        if description.family == AF_UNIX:
            if os.path.lexists(target[0]):
                fail("EADDRINUSE")
            door.sockets.bind_path(number, target[0])
        else:
            only = bool(description.options.get(table.ONLY_IPV6))
            shared = bool(description.options.get(table.SHARED_PORT))
            door.sockets.bind(number, target[0], target[1], only, shared)
        while door.sockets.state(number) == "binding":
            door.wait_ready((number,), (READABLE | WRITABLE,), 50)
        error = door.sockets.take_error(number)
        if error is not None:
            door.sockets.unbind(number)
            fail(error)
        description.bound = target

    def listen(self, backlog: int = 128, /) -> None:
        description = self._description
        if description.kind != SOCK_STREAM:
            fail("EOPNOTSUPP")
        if description.bound is None:
            socket.bind(self, ("", 0) if description.family != AF_UNIX else fail("EINVAL"))
        door.sockets.listen(description.number)

    def _accept(self) -> Tuple[int, Any]:
        description = self._description
        deadline = Deadline(self._timeout)
        while True:
            accepted = door.sockets.accept(description.number)
            if isinstance(accepted, str):
                fail(accepted)
            if accepted is not None:
                break
            wait_or_time_out(description.number, READABLE, deadline)
            if self._fd == -1:
                fail("EBADF")
        descriptor = adopt(accepted, description.family, description.kind, description.proto)
        peer = door.sockets.peer_address(accepted)
        return descriptor, names.format_address(description.family, peer and peer.to_py())

    def getsockname(self) -> Any:
        description = self._description
        address = door.sockets.local_address(description.number)
        return names.format_address(description.family, address and address.to_py())

    def getpeername(self) -> Any:
        description = self._description
        address = door.sockets.peer_address(description.number)
        return fail("ENOTCONN") if address is None else names.format_address(description.family, address.to_py())

    def shutdown(self, how: int, /) -> None:
        if how not in (0, 1, 2):
            fail("EINVAL")
        description = self._description
        if description.kind != SOCK_STREAM or door.sockets.state(description.number) != "connected":
            if door.sockets.is_listening(description.number):
                return
            fail("ENOTCONN")
        door.sockets.shutdown(description.number, how in (0, 2), how in (1, 2))

    # --- data -------------------------------------------------------------------------------------------------------

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        if bufsize < 0:
            raise ValueError("negative buffersize in recv")
        if self._description.kind == SOCK_DGRAM:
            return socket.recvfrom(self, bufsize, flags)[0]
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
            data = door.sockets.read(number, size, bool(flags & MSG_PEEK))
            if data is None:
                wait_or_time_out(number, READABLE, deadline)
                if self._fd == -1:
                    fail("EBADF")
            elif isinstance(data, str):
                fail(data)
            else:
                return data.to_bytes()  # type: ignore[no-any-return]

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        return socket.recvfrom_into(self, buffer, nbytes, flags)[0]

    def recvfrom(self, bufsize: int, flags: int = 0, /) -> Tuple[bytes, Any]:
        if bufsize < 0:
            raise ValueError("negative buffersize in recvfrom")
        description = self._description
        if description.kind != SOCK_DGRAM:
            return socket.recv(self, bufsize, flags), None
        deadline = Deadline(0 if flags & MSG_DONTWAIT else self._timeout)
        while True:
            answer = door.sockets.receive_datagram(description.number, bool(flags & MSG_PEEK))
            if isinstance(answer, str):
                fail(answer)
            if answer is not None:
                data, host, port = answer
                return data.to_bytes()[:bufsize], names.format_address(description.family, [host, port])
            wait_or_time_out(description.number, READABLE, deadline)

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> Tuple[int, Any]:
        view = memoryview(buffer).cast("B")
        if nbytes < 0:
            raise ValueError("negative buffersize in recv_into")
        if nbytes > len(view):
            raise ValueError("buffer too small for requested bytes")
        data, address = socket.recvfrom(self, nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data), address

    def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /) -> Any:
        data, address = socket.recvfrom(self, bufsize, flags)
        return data, [], 0, address

    def recvmsg_into(self, buffers: Any, ancbufsize: int = 0, flags: int = 0, /) -> Any:
        views = [memoryview(buffer).cast("B") for buffer in buffers]
        data, address = socket.recvfrom(self, sum(map(len, views)), flags)
        rest = memoryview(data)
        for view in views:
            part = rest[: len(view)]
            view[: len(part)] = part
            rest = rest[len(part) :]
        return len(data), [], 0, address

    def send(self, data: Any, flags: int = 0, /) -> int:
        if self._description.kind == SOCK_DGRAM:
            return self._send_datagram(data, None)
        return self._write(memoryview(data).cast("B"), Deadline(0 if flags & MSG_DONTWAIT else self._timeout))

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        deadline = Deadline(self._timeout)
        if self._description.kind == SOCK_DGRAM:
            self._send_datagram(data, None)
            return
        view = memoryview(data).cast("B")
        while view:
            view = view[self._write(view, deadline) :]

    def _write(self, view: memoryview, deadline: Deadline) -> int:
        number = self._description.number
        part = door.js_bytes(view[:_CHUNK])
        while True:
            taken = door.sockets.write(number, part)
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
            return socket.send(self, data, *rest[:-1])
        return self._send_datagram(data, rest[-1])

    def sendmsg(self, buffers: Any, ancdata: Any = (), flags: int = 0, address: Any = None, /) -> int:
        if tuple(ancdata):
            raise OSError(errno.EOPNOTSUPP, "Descriptors and other ancillary data cannot be sent here")
        data = b"".join(bytes(memoryview(buffer)) for buffer in buffers)
        return socket.send(self, data, flags) if address is None else socket.sendto(self, data, address)

    def _send_datagram(self, data: Any, address: Any) -> int:
        description = self._description
        view = memoryview(data).cast("B")
        if len(view) > 65507:
            fail("EMSGSIZE")
        if address is None:
            if door.sockets.peer_address(description.number) is None:
                fail("EDESTADDRREQ")
            error = door.sockets.send_datagram(description.number, door.js_bytes(view))
        else:
            host, port = names.parse_address(description.family, address, "sendto")[:2]
            error = door.sockets.send_datagram(description.number, door.js_bytes(view), host, port)
        if error is not None:
            fail(error)
        return len(view)

    # --- options ----------------------------------------------------------------------------------------------------

    def setsockopt(self, level: int, option: int, value: Any, optlen: Optional[int] = None, /) -> None:
        table.set_option(self._description, level, option, value)

    def getsockopt(self, level: int, option: int, buflen: int = 0, /) -> Any:
        return table.get_option(self._description, level, option, buflen)


def _kept(of: socket) -> Description:
    """The description of a socket, also after it was closed."""
    description = descriptions.get(of._fd) or getattr(of, "_last", None)
    return description if description is not None else Description(-1, AF_INET, SOCK_STREAM, 0)


def socketpair(family: int = AF_UNIX, type: int = SOCK_STREAM, proto: int = 0, /) -> Tuple[socket, socket]:
    """A pair of connected sockets."""
    if family != AF_UNIX or type & ~TYPE_FLAGS != SOCK_STREAM:
        fail("EOPNOTSUPP")
    left, right = door.sockets.open_pair()
    return tuple(socket(fileno=adopt(number, AF_UNIX, SOCK_STREAM, proto)) for number in (left, right))  # type: ignore
