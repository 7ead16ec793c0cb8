"""The open sockets of this interpreter by descriptor, and their options.

Nothing is replaced here; ``_socket_object`` and the TLS adaptations share it.
"""

from __future__ import annotations

import errno
import os
import struct
import weakref
from typing import Any, Dict, Optional, Tuple

from . import _socket_door as door
from ._socket_door import fail

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
SOCK_STREAM, SOCK_DGRAM = 1, 2
TYPE_FLAGS = 0o2000000 | 0o4000  # SOCK_CLOEXEC, SOCK_NONBLOCK
SOL_SOCKET, IPPROTO_TCP, IPPROTO_IPV6 = 1, 6, 41
SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_BROADCAST, SO_KEEPALIVE, SO_LINGER, SO_REUSEPORT = 2, 3, 4, 6, 9, 13, 15
SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN = 30, 38, 39
TCP_NODELAY, IPV6_V6ONLY = 1, 26
_BUFFER_DEFAULTS = {(SOL_SOCKET, 7): 212992, (SOL_SOCKET, 8): 212992}

ONLY_IPV6 = (IPPROTO_IPV6, IPV6_V6ONLY)
SHARED_PORT = (SOL_SOCKET, SO_REUSEPORT)


class Description:
    """An open socket that one or several descriptors name."""

    def __init__(self, number: int, family: int, kind: int, proto: int) -> None:
        self.number = number  # the host's
        self.family, self.kind, self.proto = family, kind, proto
        self.options: Dict[Tuple[int, int], Any] = {}
        self.bound: Optional[Tuple[Any, ...]] = None


#: By descriptor. One that was closed behind a socket's back stays here, and says so at its next use.
descriptions: Dict[int, Description] = {}
#: By the host's number, for descriptors that were duplicated elsewhere.
_by_number: weakref.WeakValueDictionary[int, Description] = weakref.WeakValueDictionary()


def open_socket(family: int, kind: int, proto: int) -> int:
    """Opens a socket and returns its descriptor."""
    if family not in (AF_UNIX, AF_INET, AF_INET6):
        fail("EAFNOSUPPORT")
    if kind == SOCK_STREAM and proto in (0, 6):
        number = door.sockets.open_stream()
    elif kind == SOCK_DGRAM and family != AF_UNIX and proto in (0, 17):
        number = door.sockets.open_datagram(family == AF_INET6, True)
    else:
        raise OSError(errno.EPROTONOSUPPORT, "Only stream sockets and UDP exist here")
    return adopt(number, family, kind, proto)


def adopt(number: int, family: int, kind: int, proto: int) -> int:
    """Gives a socket that the host made a descriptor."""
    descriptor = int(door.sockets.open_descriptor(number))
    descriptions[descriptor] = _by_number[number] = Description(number, family, kind, proto)
    return descriptor


def find(descriptor: int) -> Optional[Description]:
    """The socket of a descriptor, whoever made the descriptor; None for another kind of file."""
    number = door.sockets.descriptor_socket(descriptor)
    known = None if number < 0 else _by_number.get(number)
    if known is not None:
        descriptions[descriptor] = known
    return known


def duplicate(descriptor: int) -> int:
    """Another descriptor of the same socket."""
    copy = os.dup(descriptor)
    find(copy)
    return copy


def close_descriptor(descriptor: int) -> None:
    """Closes a descriptor, and the socket with its last one."""
    descriptions.pop(descriptor, None)
    os.close(descriptor)


def set_option(description: Description, level: int, option: int, value: Any) -> None:
    """Keeps an option of a socket, and sets those that Node knows."""
    if (level, option) == (SOL_SOCKET, SO_LINGER):
        value = struct.unpack("ii", value)
        door.sockets.set_resetting(description.number, value == (1, 0))
    elif not isinstance(value, int) and value is not None and len(value) == 4:
        value = struct.unpack("i", value)[0]
    description.options[(level, option)] = value
    if (level, option) == (IPPROTO_TCP, TCP_NODELAY):
        door.sockets.set_no_delay(description.number, bool(value))
    elif (level, option) == (SOL_SOCKET, SO_KEEPALIVE):
        door.sockets.set_keep_alive(description.number, bool(value))
    elif (level, option) == (SOL_SOCKET, SO_BROADCAST) and description.kind == SOCK_DGRAM:
        door.sockets.set_broadcast(description.number, bool(value))


def get_option(description: Description, level: int, option: int, buflen: int) -> Any:
    """An option's value as an int, or as bytes when a length is given."""
    value = _option(description, level, option)
    if isinstance(value, tuple):
        return struct.pack("ii", *value)[:buflen] if buflen else value[0]
    return struct.pack("i", value)[:buflen] if buflen else value


def _option(description: Description, level: int, option: int) -> Any:
    if level == SOL_SOCKET:
        if option == SO_ERROR:
            return _take_error(description)
        known = {SO_TYPE: description.kind, SO_DOMAIN: description.family, SO_PROTOCOL: description.proto}
        known[SO_ACCEPTCONN] = int(bool(door.sockets.is_listening(description.number)))
        if option in known:
            return known[option]
    value = description.options.get((level, option), _BUFFER_DEFAULTS.get((level, option), 0))
    return value if isinstance(value, (int, tuple)) else 0


def _take_error(description: Description) -> int:
    name: Optional[str] = None
    if door.sockets.readiness(description.number) & door.BROKEN or door.sockets.state(description.number) == "failed":
        name = door.sockets.take_error(description.number)
    return 0 if name is None else int(getattr(errno, name, errno.EIO))
