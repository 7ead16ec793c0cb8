"""Socket options: those that Node supports are applied, the others are only stored.

This module replaces nothing; ``socket_object`` uses it.
"""

from __future__ import annotations

import errno
import ipaddress
import operator
import os
import struct
from typing import Any, Callable, Dict, Optional, Tuple

from ..._border import host
from .. import readiness
from .name_lookups import if_nameindex
from .open_sockets import SOCK_DGRAM, Description

SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP, IPPROTO_IPV6 = 1, 0, 6, 41
SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_BROADCAST, SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE = 2, 3, 4, 6, 7, 8, 9
SO_LINGER, SO_REUSEPORT, SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN = 13, 15, 30, 38, 39
TCP_NODELAY = 1
IP_TTL, IP_MULTICAST_IF, IP_MULTICAST_TTL, IP_MULTICAST_LOOP, IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP = (
    2,
    32,
    33,
    34,
    35,
    36,
)
IPV6_UNICAST_HOPS, IPV6_MULTICAST_IF, IPV6_MULTICAST_HOPS, IPV6_MULTICAST_LOOP = 16, 17, 18, 19
IPV6_JOIN_GROUP, IPV6_LEAVE_GROUP, IPV6_V6ONLY = 20, 21, 26

ONLY_IPV6 = (IPPROTO_IPV6, IPV6_V6ONLY)
SHARED_PORT = (SOL_SOCKET, SO_REUSEPORT)
REUSED_ADDRESS = (SOL_SOCKET, SO_REUSEADDR)

_DEFAULTS = {
    (SOL_SOCKET, SO_SNDBUF): 212992,
    (SOL_SOCKET, SO_RCVBUF): 212992,
    (IPPROTO_IP, IP_TTL): 64,
    (IPPROTO_IP, IP_MULTICAST_TTL): 1,
    (IPPROTO_IP, IP_MULTICAST_LOOP): 1,
    (IPPROTO_IPV6, IPV6_UNICAST_HOPS): 64,
    (IPPROTO_IPV6, IPV6_MULTICAST_HOPS): 1,
    (IPPROTO_IPV6, IPV6_MULTICAST_LOOP): 1,
}
#: Minimum sizes of buffers. A system doubles the requested size.
_MIN_BUFFERS = {(SOL_SOCKET, SO_SNDBUF): 4608, (SOL_SOCKET, SO_RCVBUF): 2304}


def _membership(value: Any) -> Tuple[str, ...]:
    """Returns the group and the local address of an ``ip_mreq`` or ``ip_mreqn``."""
    data = bytes(value)
    if len(data) < 8:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    group, local = (str(ipaddress.IPv4Address(part)) for part in (data[:4], data[4:8]))
    return (group,) if local == "0.0.0.0" else (group, local)


def _membership_6(value: Any) -> Tuple[str, ...]:
    data = bytes(value)
    if len(data) < 20:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    group, number = str(ipaddress.IPv6Address(data[:16])), struct.unpack("I", data[16:20])[0]
    return (group, f"::%{_interface(number)}") if number else (group,)


def _interface(number: int) -> str:
    return next((name for known, name in if_nameindex() if known == number), str(number))


def _interface_address(value: Any) -> Tuple[str, ...]:
    data = struct.pack("I", value) if isinstance(value, int) else bytes(value)
    return (str(ipaddress.IPv4Address(data[4:8] if len(data) >= 8 else data[:4])),)


def _number(value: Any) -> Tuple[int]:
    return (value if isinstance(value, int) else bytes(value)[0],)


def _flag(value: Any) -> Tuple[bool]:
    return (bool(_number(value)[0]),)


#: Options of datagram sockets: the function of Node for each, and a function that returns its arguments.
_OF_DATAGRAMS: Dict[Tuple[int, int], Tuple[str, Callable[[Any], Tuple[Any, ...]]]] = {
    (SOL_SOCKET, SO_BROADCAST): ("setBroadcast", _flag),
    (IPPROTO_IP, IP_TTL): ("setTTL", _number),
    (IPPROTO_IP, IP_MULTICAST_TTL): ("setMulticastTTL", _number),
    (IPPROTO_IP, IP_MULTICAST_LOOP): ("setMulticastLoopback", _flag),
    (IPPROTO_IP, IP_MULTICAST_IF): ("setMulticastInterface", _interface_address),
    (IPPROTO_IP, IP_ADD_MEMBERSHIP): ("addMembership", _membership),
    (IPPROTO_IP, IP_DROP_MEMBERSHIP): ("dropMembership", _membership),
    (IPPROTO_IPV6, IPV6_UNICAST_HOPS): ("setTTL", _number),
    (IPPROTO_IPV6, IPV6_MULTICAST_HOPS): ("setMulticastTTL", _number),
    (IPPROTO_IPV6, IPV6_MULTICAST_LOOP): ("setMulticastLoopback", _flag),
    (IPPROTO_IPV6, IPV6_MULTICAST_IF): (
        "setMulticastInterface",
        lambda value: (f"::%{_interface(_number(value)[0])}",),
    ),
    (IPPROTO_IPV6, IPV6_JOIN_GROUP): ("addMembership", _membership_6),
    (IPPROTO_IPV6, IPV6_LEAVE_GROUP): ("dropMembership", _membership_6),
}


def set_option(description: Description, level: int, option: int, value: Any, length: Optional[int]) -> None:
    """Stores an option of a socket, and applies it if Node supports it."""
    level, option = operator.index(level), operator.index(option)
    which = (level, option)
    value = _checked(value, length)
    if which == (SOL_SOCKET, SO_LINGER):
        if isinstance(value, int) or len(value) < 8:
            readiness.fail("EINVAL")
        is_on, seconds = struct.unpack("ii", value[:8])
        value = (int(bool(is_on)), seconds)
        host.sockets.set_resetting(description.number, value == (1, 0))
    elif not isinstance(value, int) and len(value) == 4 and which not in _OF_DATAGRAMS:
        value = struct.unpack("i", value)[0]
    if description.kind == SOCK_DGRAM and which in _OF_DATAGRAMS:
        name, arguments = _OF_DATAGRAMS[which]
        error = host.sockets.set_datagram_option(description.number, name, *arguments(value))
        if error is not None:
            readiness.fail(error)
    elif which == (IPPROTO_TCP, TCP_NODELAY):
        host.sockets.set_no_delay(description.number, bool(value))
    elif which == (SOL_SOCKET, SO_KEEPALIVE):
        host.sockets.set_keep_alive(description.number, bool(value))
    elif which in _MIN_BUFFERS and isinstance(value, int):
        value = max(2 * value, _MIN_BUFFERS[which])
    description.options[which] = value


def _checked(value: Any, length: Optional[int]) -> Any:
    if isinstance(value, int):
        if not -(2**31) <= value < 2**31:
            raise OverflowError("signed integer is greater than maximum")
        return int(value)
    if value is None:
        if length is None:
            raise TypeError("socket option must be int, bytes-like object, or None")
        return bytes(operator.index(length))
    try:
        return bytes(memoryview(value))
    except TypeError:
        raise TypeError("a bytes-like object is required, not " + repr(type(value).__name__)) from None


def get_option(description: Description, level: int, option: int, buflen: int) -> Any:
    """Returns the value of an option as an int, or as bytes if a length is given."""
    value = _option(description, operator.index(level), operator.index(option))
    if not 0 <= buflen <= 1024:
        raise OSError("getsockopt buflen out of range")
    if isinstance(value, tuple):
        return struct.pack("ii", *value)[:buflen] if buflen else value[0]
    if isinstance(value, bytes):
        return value[:buflen] if buflen else int.from_bytes(value[:4], "little")
    return struct.pack("i", value)[:buflen] if buflen else value


def _option(description: Description, level: int, option: int) -> Any:
    if level == SOL_SOCKET:
        if option == SO_ERROR:
            return _take_error(description)
        known = {SO_TYPE: description.kind, SO_DOMAIN: description.family, SO_PROTOCOL: description.proto}
        known[SO_ACCEPTCONN] = int(bool(host.sockets.is_listening(description.number)))
        if option in known:
            return known[option]
    return description.options.get((level, option), _DEFAULTS.get((level, option), 0))


def _take_error(description: Description) -> int:
    name: Optional[str] = None
    if (
        host.sockets.readiness(description.number) & readiness.BROKEN
        or host.sockets.state(description.number) == "failed"
    ):
        name = host.sockets.take_error(description.number)
    return 0 if name is None else int(getattr(errno, name, errno.EIO))
