"""``getaddrinfo`` and related functions: addresses and names, which Node looks up.

Pyodide's functions (seen in 314.0.7) invent an address for every name. Can be deleted when Pyodide asks the system.

Proved by ``python/tests/stdlib/test_socket.py``.
"""

from __future__ import annotations

import _socket
import errno
import ipaddress
import json
import operator
import os
from typing import Any, List, Optional, Sequence, Tuple

from ..._border import bridge
from ..._border import host as border
from ..c_numbers import c_int

gaierror, herror = _socket.gaierror, _socket.herror
_c_inet_pton, _c_inet_ntop = _socket.inet_pton, _socket.inet_ntop

AF_UNSPEC, AF_INET, AF_INET6 = 0, 2, 10
_INTERFACES = "/sys/class/net"
_KINDS = ((1, 6), (2, 17), (3, 0))  # SOCK_STREAM over TCP, SOCK_DGRAM over UDP, SOCK_RAW
AI_PASSIVE, AI_CANONNAME, AI_NUMERICHOST, AI_NUMERICSERV = 1, 2, 4, 1024
EAI_BADFLAGS, EAI_NONAME, EAI_AGAIN, EAI_FAMILY, EAI_SERVICE = -1, -2, -3, -6, -8
NI_NUMERICHOST, NI_NUMERICSERV, NI_NAMEREQD, NI_DGRAM = 1, 2, 8, 16
_MESSAGES = {
    EAI_BADFLAGS: "Bad value for ai_flags",
    EAI_NONAME: "Name or service not known",
    EAI_AGAIN: "Temporary failure in name resolution",
    EAI_FAMILY: "ai_family not supported",
    EAI_SERVICE: "Servname not supported for ai_socktype",
}
_SERVICES = {
    ("ftp", "tcp"): 21,
    ("ssh", "tcp"): 22,
    ("telnet", "tcp"): 23,
    ("smtp", "tcp"): 25,
    ("domain", "tcp"): 53,
    ("domain", "udp"): 53,
    ("http", "tcp"): 80,
    ("pop3", "tcp"): 110,
    ("ntp", "udp"): 123,
    ("imap2", "tcp"): 143,
    ("https", "tcp"): 443,
    ("https", "udp"): 443,
}


def _unknown(code: int) -> Exception:
    return gaierror(code, _MESSAGES[code])


def numeric_family(host: str) -> int:
    """Returns the family of a numeric address, or 0 for a name."""
    try:
        return AF_INET if ipaddress.ip_address(host.partition("%")[0]).version == 4 else AF_INET6
    except ValueError:
        return AF_UNSPEC


def scope_number(name: str) -> Optional[int]:
    """Returns the number of a network interface for the scope of an address, or None if it does not exist."""
    if name.isdigit():
        return int(name)
    return next((number for number, known in if_nameindex() if known == name), None)


def if_nameindex() -> List[Tuple[int, str]]:
    """Returns a list of network interface information (index, name) tuples."""
    found = []
    try:
        for name in os.listdir(_INTERFACES):
            with open(f"{_INTERFACES}/{name}/ifindex", encoding="ascii") as file:
                found.append((int(file.read()), name))
    except (OSError, ValueError):
        pass  # a system without such a folder
    return sorted(found)


def if_nametoindex(if_name: str, /) -> int:
    """Returns the interface index corresponding to the interface name if_name."""
    if not isinstance(if_name, (str, bytes)):
        raise TypeError(f"expected str, bytes or os.PathLike object, not {type(if_name).__name__}")
    for number, name in if_nameindex():
        if name == os.fsdecode(if_name):
            return number
    raise OSError("no interface with this name")


def if_indextoname(if_index: int, /) -> str:
    """Returns the interface name corresponding to the interface index if_index."""
    number = operator.index(if_index)
    if not 0 <= number <= 0xFFFFFFFF:
        raise OverflowError("Python int too large to convert to C unsigned int")
    for known, name in if_nameindex():
        if known == number:
            return name
    raise OSError(errno.ENXIO, os.strerror(errno.ENXIO))


def format_address(family: int, address: Optional[Sequence[Any]]) -> Any:
    """Returns an internet address in the form that scripts see. None is the address of a socket without one."""
    if address is None or len(address) < 2:
        return ("0.0.0.0", 0) if family == AF_INET else ("::", 0, 0, 0)
    host, port = address[0], int(address[1])
    if family == AF_INET:
        return (host, port)
    host, _, scope = host.partition("%")
    return (host, port, 0, (scope_number(scope) or 0) if scope else 0)


def _canonical(address: str) -> str:
    """Returns a numeric address in the notation of the system."""
    plain, percent, scope = address.partition("%")
    return str(ipaddress.ip_address(plain)) + percent + scope


def inet_pton(address_family: int, ip_string: str, /) -> bytes:
    """Convert an IP address from string format to a packed string suitable for use with low-level network functions."""
    if address_family != AF_INET6:
        return _c_inet_pton(address_family, ip_string)
    try:
        if "%" in ip_string:
            raise ValueError
        return ipaddress.IPv6Address(ip_string).packed
    except ValueError:
        raise OSError("illegal IP address string passed to inet_pton") from None


def inet_ntop(address_family: int, packed_ip: Any, /) -> str:
    """Convert a packed IP address of the given family to string format."""
    if address_family != AF_INET6:
        return _c_inet_ntop(address_family, packed_ip)
    data = bytes(memoryview(packed_ip))
    if len(data) != 16:
        raise ValueError("invalid length of packed IP address string")
    if not any(data[:12]) and any(data[12:14]):
        return f"::{ipaddress.IPv4Address(data[12:])}"
    return str(ipaddress.IPv6Address(data))


def resolve(host: str, family: int) -> List[Tuple[str, int]]:
    """Returns the addresses of a host with their families, in the order of the system."""
    known = numeric_family(host)
    if known:
        if "%" in host and scope_number(host.partition("%")[2]) is None:
            raise _unknown(EAI_NONAME)
        if family not in (AF_UNSPEC, known):
            raise gaierror(-9, "Address family for hostname not supported")
        return [(_canonical(host), known)]
    event = bridge.new_event()
    border.sockets.resolve(event, host, {AF_INET: 4, AF_INET6: 6}.get(family, 0), 0)
    answer = _looked_up(event)
    if answer["error"] is not None:
        raise _unknown(EAI_AGAIN if answer["error"] in ("EAI_AGAIN", "ETIMEOUT") else EAI_NONAME)
    return [(address, AF_INET if version == 4 else AF_INET6) for address, version in answer["found"]]


def _looked_up(event: int) -> Any:
    """Suspends the calling stack until a lookup is done, and returns the host's answer."""
    bridge.wait_event(event)
    answer = border.sockets.take_lookup(event)
    assert answer is not None  # each answer is taken once
    return json.loads(answer)


def getaddrinfo(
    host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> List[Tuple[int, int, int, str, Any]]:
    """Resolve host and port into list of address info entries."""
    if family not in (AF_UNSPEC, AF_INET, AF_INET6):
        raise _unknown(EAI_FAMILY)
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("ascii")
    if host is not None and not isinstance(host, str):
        raise TypeError("getaddrinfo() argument 1 must be string or None")
    if host is None and port is None:
        raise _unknown(EAI_NONAME)
    kinds = [each for each in _KINDS if type in (0, each[0]) and (proto in (0, each[1]) or each[0] == 3)]
    if not kinds:
        raise gaierror(-7, "ai_socktype not supported")
    number = _port_number(port, kinds[0], flags)
    canonical = host if flags & AI_CANONNAME and host else ""
    if not host:
        every = flags & AI_PASSIVE
        hosts = [("::" if every else "::1", AF_INET6), ("0.0.0.0" if every else "127.0.0.1", AF_INET)]
        hosts = [each for each in reversed(hosts) if family in (AF_UNSPEC, each[1])]
    elif flags & AI_NUMERICHOST and not numeric_family(host):
        raise _unknown(EAI_NONAME)
    else:
        hosts = resolve(host.encode("idna").decode("ascii") if not host.isascii() else host, family)
    found: List[Tuple[int, int, int, str, Any]] = []
    for address, of in hosts:
        for index, (kind, protocol) in enumerate(kinds):
            name = canonical if index == 0 and not found else ""
            found.append((of, kind, protocol or proto, name, format_address(of, (address, number))))
    return found


def _port_number(port: Any, kind: Tuple[int, int], flags: int) -> int:
    if port is None:
        return 0
    if isinstance(port, int):
        return port & 0xFFFF
    if isinstance(port, (bytes, bytearray)):
        port = bytes(port).decode("ascii")
    if not isinstance(port, str):
        raise OSError("Int or String expected")
    port.encode()  # raises an error if it is not valid text
    if port.isdigit():
        return int(port) & 0xFFFF
    try:
        if flags & AI_NUMERICSERV:
            raise OSError
        return getservbyname(port, "udp" if kind[0] == 2 else "tcp")
    except OSError:
        raise _unknown(EAI_NONAME if flags & AI_NUMERICSERV else EAI_SERVICE) from None


def getservbyname(name: str, protocol: Optional[str] = None, /) -> int:
    """Return a port number from a service name and protocol name."""
    for (service, over), port in _services().items():
        if service == name and protocol in (None, over):
            return port
    raise OSError("service/proto not found")


def getservbyport(port: int, protocol: Optional[str] = None, /) -> str:
    """Return the service name from a port number and protocol name."""
    if not 0 <= port <= 65535:
        raise OverflowError("getservbyport: port must be 0-65535.")
    for (service, over), number in _services().items():
        if number == port and protocol in (None, over):
            return service
    raise OSError("port/proto not found")


def _services() -> dict[Tuple[str, str], int]:
    found = dict(_SERVICES)
    try:
        with open("/etc/services", encoding="utf-8", errors="replace") as file:
            for line in file:
                words = line.partition("#")[0].split()
                if len(words) >= 2 and "/" in words[1]:
                    number, _, over = words[1].partition("/")
                    for name in (words[0], *words[2:]):
                        found.setdefault((name, over), int(number))
    except OSError:
        pass  # the system does not have this file; the usual services are enough
    return found


def gethostbyname(host: str, /) -> str:
    """Return the IP address (a string of the form '255.255.255.255') for a host."""
    return "0.0.0.0" if host == "" else resolve(host, AF_INET)[0][0]


def gethostbyname_ex(host: str, /) -> Tuple[str, List[str], List[str]]:
    """Return the true host name, a list of aliases, and a list of IP addresses, for a host."""
    return (host, [], [address for address, _ in resolve(host, AF_INET)])


def gethostbyaddr(host: str, /) -> Tuple[str, List[str], List[str]]:
    """Return the true host name, a list of aliases, and a list of IP addresses, for a host."""
    address = resolve(host, AF_UNSPEC)[0][0]
    name = _names_of(address, 0)
    if name is None:
        raise herror(1, "Unknown host")
    return (name[0], [], [address])


def getnameinfo(sockaddr: Any, flags: int, /) -> Tuple[str, str]:
    """Get host and port for a sockaddr."""
    if not isinstance(sockaddr, tuple):
        raise TypeError("getnameinfo() argument 1 must be a tuple")
    host, port = sockaddr[0], sockaddr[1]
    if not isinstance(host, str) or not hasattr(port, "__index__"):
        raise TypeError("getnameinfo(): illegal sockaddr argument")
    port, flags = c_int(port), c_int(flags)
    if port < 0:
        raise _unknown(EAI_SERVICE)
    port &= 0xFFFF
    if len(sockaddr) > 2 and not 0 <= operator.index(sockaddr[2]) <= 0xFFFFF:
        raise OverflowError("getnameinfo(): flowinfo must be 0-1048575.")
    if not numeric_family(host):
        raise _unknown(EAI_NONAME)
    host = _canonical(host)
    if len(sockaddr) > 3 and sockaddr[3] and "%" not in host:
        host += "%" + next((name for number, name in if_nameindex() if number == sockaddr[3]), str(sockaddr[3]))
    names = None if flags & NI_NUMERICHOST else _names_of(host, port)
    if names is None and flags & NI_NAMEREQD:
        raise _unknown(EAI_NONAME)
    service = str(port)
    if not flags & NI_NUMERICSERV:
        try:
            service = getservbyport(port, "udp" if flags & NI_DGRAM else "tcp")
        except OSError:
            pass  # a port without a name is its number
    return (host if names is None else names[0], service)


def _names_of(address: str, port: int) -> Optional[Tuple[str, str]]:
    event = bridge.new_event()
    border.sockets.resolve_names(event, address, port)
    answer = _looked_up(event)
    return None if answer["error"] is not None else (answer["found"][0], answer["found"][1])
