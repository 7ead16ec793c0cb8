"""Open sockets of this interpreter, by descriptor.

This module replaces nothing; ``socket_object`` and the TLS adaptations share it.
"""

from __future__ import annotations

import errno
import os
import weakref
from typing import Any, Dict, Optional, Tuple

from ..._border import host
from ..readiness import fail

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
SOCK_STREAM, SOCK_DGRAM = 1, 2
TYPE_FLAGS = 0o2000000 | 0o4000  # SOCK_CLOEXEC, SOCK_NONBLOCK


class Description:
    """Open socket, which one or more descriptors refer to."""

    def __init__(self, number: int, family: int, kind: int, proto: int) -> None:
        self.number = number  # the host's
        self.family, self.kind, self.proto = family, kind, proto
        self.options: Dict[Tuple[int, int], Any] = {}
        self.is_bound = False
        #: Whether a call of ``connect`` returned before the connection was made.
        self.is_connecting = False
        #: Own address and peer address of a Unix socket, as the script passed them.
        self.path: Optional[bytes] = None
        self.peer_path: Optional[bytes] = None


#: Sockets by descriptor. An entry whose descriptor was closed directly fails at its next use.
descriptions: Dict[int, Description] = {}
#: Sockets by the host's number, for descriptors that were duplicated elsewhere.
_by_number: weakref.WeakValueDictionary[int, Description] = weakref.WeakValueDictionary()


def open_socket(family: int, kind: int, proto: int) -> int:
    """Opens a socket and returns its descriptor."""
    if family not in (AF_UNIX, AF_INET, AF_INET6):
        fail("EAFNOSUPPORT")
    if kind == SOCK_STREAM and proto in (0, 6):
        number = host.sockets.open_stream()
    elif kind == SOCK_DGRAM and family != AF_UNIX and proto in (0, 17):
        number = host.sockets.open_datagram(family == AF_INET6)
    elif kind == SOCK_DGRAM and family == AF_UNIX and proto == 0:
        number = host.sockets.open_local_datagram()
    else:
        raise OSError(
            errno.EPROTONOSUPPORT, "The cloaca engine supports only stream (TCP, Unix) and datagram (UDP, Unix) sockets"
        )
    return adopt(number, family, kind, proto)


def adopt(number: int, family: int, kind: int, proto: int) -> int:
    """Opens a descriptor for a socket of the host, and returns it."""
    opened = host.sockets.open_descriptor(number)
    if isinstance(opened, str):
        fail(opened)
    descriptor = int(opened)
    descriptions[descriptor] = _by_number[number] = Description(number, family, kind, proto)
    return descriptor


def find(descriptor: int) -> Optional[Description]:
    """Returns the socket of a descriptor, even if it was created elsewhere, or None for another kind of file."""
    number = host.sockets.descriptor_socket(descriptor)
    if number < 0:
        return None
    known = _by_number.get(number) or _handed(number)
    descriptions[descriptor] = _by_number[number] = known
    return known


def _handed(number: int) -> Description:
    """Returns a connected socket that the process inherited from its parent."""
    address = list(host.sockets.local_address(number) or [""])
    family = AF_UNIX if len(address) == 1 else AF_INET6 if ":" in address[0] else AF_INET
    return Description(int(number), family, SOCK_STREAM, 0)


def duplicate(descriptor: int) -> int:
    """Returns another descriptor of the same socket."""
    copy = os.dup(descriptor)
    find(copy)
    return copy


def close_descriptor(descriptor: int) -> None:
    """Closes a descriptor. The socket is closed with its last descriptor."""
    descriptions.pop(descriptor, None)
    os.close(descriptor)
