"""``_socket.socket``, implemented with the sockets of Node.

Pyodide's own class (seen in 314.0.7) pretends that every connection succeeds. With its NodeSockFS, it has only IPv4
clients, without error numbers, timeouts, UDP or listening. All layers above, including ``socket``, are those of the
standard library. Can be deleted when Pyodide's sockets can listen, time out and report errors.

Proved by ``python/tests/stdlib/test_socket.py``.
"""

from __future__ import annotations

import errno
import os
from typing import Any, Optional, Tuple

from ..._border import host
from .. import readiness
from ..c_numbers import c_int
from ..files import descriptors
from ..readiness import READABLE, WRITABLE, Deadline, fail, wait_or_time_out
from . import addresses, options
from . import name_lookups as names
from . import open_sockets as table
from .messages import Messages
from .open_sockets import AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_STREAM, TYPE_FLAGS, Description, adopt, descriptions

SOCK_NONBLOCK = 0o4000


class socket(Messages):  # the name that scripts see
    """socket(family=AF_INET, type=SOCK_STREAM, proto=0) -> socket object"""

    __module__ = "_socket"
    __slots__ = ()

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: Optional[int] = None) -> None:
        self._fd = -1
        if fileno is not None:
            if isinstance(fileno, float) or not hasattr(fileno, "__index__"):
                raise TypeError(f"'{fileno.__class__.__name__}' object cannot be interpreted as an integer")
            fileno = c_int(fileno)
            if fileno < 0:
                raise ValueError("negative file descriptor")
            if table.find(fileno) is None:
                os.fstat(fileno)
                fail("ENOTSOCK")
            self._fd = int(fileno)
            self._given = (family, type, proto)
        else:
            family = AF_INET if family == -1 else int(family)
            kind = SOCK_STREAM if type == -1 else int(type)
            self._fd = table.open_socket(family, kind & ~TYPE_FLAGS, 0 if proto == -1 else int(proto))
        is_plain = fileno is not None or not kind & SOCK_NONBLOCK
        self._timeout = readiness.default_timeout if is_plain else 0.0
        if self._timeout is not None:
            self._set_timeout(self._timeout)

    def __del__(self) -> None:
        if getattr(self, "_fd", -1) != -1 and self._fd in descriptions:
            import warnings

            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)
            try:
                socket.close(self)
            except OSError:
                pass  # the script has closed the descriptor itself

    @property
    def _description(self) -> Description:
        description = descriptions.get(self._fd)
        return description if description is not None else fail("EBADF")

    def _said(self, index: int) -> int:
        """Returns the family, type or protocol that was given together with a descriptor, or 0 if none was given."""
        given: Tuple[int, ...] = getattr(self, "_given", (-1, -1, -1))
        return max(0, int(given[index]))

    def __repr__(self) -> str:
        return f"<socket object, fd={self._fd}, family={self.family}, type={self.type}, proto={self.proto}>"

    @property
    def family(self) -> int:
        return self._said(0) or _kept(self).family

    @property
    def type(self) -> int:
        return self._said(1) or _kept(self).kind

    @property
    def proto(self) -> int:
        return self._said(2) or _kept(self).proto

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
        self._set_timeout(readiness.checked_timeout(value))

    def _set_timeout(self, timeout: Optional[float]) -> None:
        """Sets the timeout. With a timeout, the descriptor becomes non-blocking."""
        descriptors.set_blocking(self._fd, timeout is None)
        self._timeout = timeout

    def gettimeout(self) -> Optional[float]:
        return self._timeout

    def setblocking(self, flag: Any) -> None:
        self._set_timeout(None if flag else 0.0)

    def getblocking(self) -> bool:
        return self._timeout != 0

    # --- connections ------------------------------------------------------------------------------------------------

    def connect(self, address: Any, /) -> None:
        deadline = Deadline(self._timeout)
        error = self._start_connect(address, "connect")
        if error is not None:
            fail(error)
        number, kind = self._description.number, self._description.kind
        if kind == SOCK_DGRAM:  # connecting is a local operation, so the timeout does not apply
            deadline = Deadline(None)
        elif deadline.timeout == 0 and host.sockets.state(number) == "connecting":
            self._description.is_connecting = True
            fail("EINPROGRESS")
        while host.sockets.state(number) in ("connecting", "binding"):
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
        state = host.sockets.state(description.number)
        if description.kind == SOCK_STREAM:
            if state == "connecting":
                return "EALREADY"
            was_connecting, description.is_connecting = description.is_connecting, False
            if was_connecting and state == "connected":
                return None  # result of the previous call, reported once
            if was_connecting and state == "failed" and (error := host.sockets.take_error(description.number)):
                return str(error)
            if state == "connected" or host.sockets.is_listening(description.number):
                return "EISCONN"
            if state == "closed":
                return "EBADF"
        if description.family == AF_UNIX:
            description.peer_path = addresses.parse_path(address)
            target = addresses.path_for_host(description.peer_path)
            if state == "bound" and description.kind == SOCK_STREAM:
                host.sockets.unbind(description.number)
            own = "" if description.path is None else os.fsdecode(description.path)
            host.sockets.connect_path(description.number, target, own)
            return None
        name, port = addresses.parse_address(description.family, address, call)
        if state == "bound" and description.kind == SOCK_STREAM:
            local = host.sockets.local_address(description.number).to_py()
            host.sockets.unbind(description.number)
            host.sockets.connect(description.number, name, port, local[0], local[1])
        else:
            host.sockets.connect(description.number, name, port)
        return None

    def _check_connected(self, number: int) -> None:
        if self._description.kind == SOCK_DGRAM:
            error = host.sockets.take_error(number)
        else:
            error = None if host.sockets.state(number) == "connected" else host.sockets.take_error(number)
        if error is not None:
            fail(error)

    def bind(self, address: Any, /) -> None:
        description = self._description
        if description.is_bound:
            fail("EINVAL")
        number = description.number
        if description.family == AF_UNIX:
            # A socket without a name gets one that is not a path.
            path = addresses.parse_path(address) or b"\0" + os.urandom(3).hex()[:5].encode()
            if not path.startswith(b"\0") and os.path.lexists(path):
                fail("EADDRINUSE")
            host.sockets.bind_path(number, addresses.path_for_host(path), os.fsdecode(path))
        else:
            name, port = addresses.parse_address(description.family, address, "bind")
            chosen = (options.ONLY_IPV6, options.SHARED_PORT, options.REUSED_ADDRESS)
            host.sockets.bind(number, name, port, *(bool(description.options.get(each)) for each in chosen))
        while host.sockets.state(number) == "binding":
            readiness.wait_ready((number,), (READABLE | WRITABLE,), 50)
        error = host.sockets.take_error(number)
        if error is not None:
            if description.kind == SOCK_STREAM:
                host.sockets.unbind(number)
            fail(error)
        description.is_bound = True
        if description.family == AF_UNIX:
            description.path = path

    def listen(self, backlog: int = 128, /) -> None:
        c_int(backlog)
        description = self._description
        if description.kind != SOCK_STREAM:
            fail("EOPNOTSUPP")
        if not description.is_bound:
            socket.bind(self, ("", 0) if description.family != AF_UNIX else fail("EINVAL"))
        host.sockets.listen(description.number)

    def _accept(self) -> Tuple[int, Any]:
        description = self._description
        deadline = Deadline(self._timeout)
        while True:
            accepted = host.sockets.accept(description.number)
            if isinstance(accepted, str):
                fail(accepted)
            if accepted is not None:
                break
            wait_or_time_out(description.number, READABLE, deadline)
            if self._fd == -1:
                fail("EBADF")
        descriptor = adopt(accepted, description.family, description.kind, description.proto)
        if description.family == AF_UNIX:
            accepted_one = descriptions[descriptor]
            accepted_one.path = description.path
            accepted_one.peer_path = os.fsencode(host.sockets.peer_address(accepted).to_py()[0]) or None
            return descriptor, addresses.path_for_script(accepted_one.peer_path)
        peer = host.sockets.peer_address(accepted)
        return descriptor, names.format_address(description.family, peer and peer.to_py())

    def getsockname(self) -> Any:
        description = self._description
        if description.family == AF_UNIX:
            return addresses.path_for_script(description.path)
        address = host.sockets.local_address(description.number)
        return names.format_address(description.family, address and address.to_py())

    def getpeername(self) -> Any:
        description = self._description
        address = host.sockets.peer_address(description.number)
        if address is None:
            fail("ENOTCONN")
        if description.family == AF_UNIX:
            return addresses.path_for_script(description.peer_path)
        return names.format_address(description.family, address.to_py())

    def shutdown(self, how: int, /) -> None:
        if c_int(how) not in (0, 1, 2):
            fail("EINVAL")
        description = self._description
        if description.kind != SOCK_STREAM or host.sockets.state(description.number) != "connected":
            if host.sockets.is_listening(description.number):
                return
            fail("ENOTCONN")
        host.sockets.shutdown(description.number, how in (0, 2), how in (1, 2))

    # --- options ----------------------------------------------------------------------------------------------------

    def setsockopt(self, level: int, option: int, value: Any, optlen: Optional[int] = None, /) -> None:
        options.set_option(self._description, level, option, value, optlen)

    def getsockopt(self, level: int, option: int, buflen: int = 0, /) -> Any:
        return options.get_option(self._description, level, option, buflen)


def _kept(of: socket) -> Description:
    """Returns the description of a socket, even after it was closed."""
    description = descriptions.get(of._fd) or getattr(of, "_last", None)
    return description if description is not None else Description(-1, AF_INET, SOCK_STREAM, 0)


def socketpair(family: int = AF_UNIX, type: int = SOCK_STREAM, proto: int = 0, /) -> Tuple[socket, socket]:
    """Returns a pair of connected sockets."""
    kind = type & ~TYPE_FLAGS
    if family != AF_UNIX or kind not in (SOCK_STREAM, SOCK_DGRAM):
        fail("EOPNOTSUPP")
    ends = host.sockets.open_pair() if kind == SOCK_STREAM else host.sockets.open_datagram_pair()
    pair = tuple(socket(fileno=adopt(number, AF_UNIX, kind, proto)) for number in ends)
    if type & SOCK_NONBLOCK:
        for end in pair:
            end.setblocking(False)
    return pair  # type: ignore[return-value]
