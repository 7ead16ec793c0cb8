"""Checks socket addresses of scripts, and converts them for the host.

This module replaces nothing; ``socket_object`` uses it.
"""

from __future__ import annotations

import operator
import os
from typing import Any, Optional, Tuple, Union

from . import name_lookups as names

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
_LONGEST_PATH = 107
_UNSIGNED = 1 << 32


def parse_address(family: int, address: Any, call: str) -> Tuple[str, int]:
    """Returns host and port of an internet address, with the host as a numeric address."""
    name = "AF_INET" if family == AF_INET else "AF_INET6"
    if not isinstance(address, tuple):
        raise TypeError(f"{call}(): {name} address must be tuple, not {type(address).__name__}")
    if len(address) != 2 and not (family == AF_INET6 and len(address) in (3, 4)):
        sizes = "a pair (host, port)" if family == AF_INET else "a tuple (host, port[, flowinfo[, scopeid]])"
        raise TypeError(f"{name} address must be {sizes}")
    host, port = address[0], address[1]
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("ascii")
    if not isinstance(host, str):
        raise TypeError(f"str, bytes or bytearray expected, not {type(host).__name__}")
    if "\0" in host:
        raise TypeError("host name must not contain null character")
    port = _integer(port)
    if not 0 <= port <= 65535:
        raise OverflowError(f"{call}(): port must be 0-65535.")
    if len(address) > 2 and not 0 <= _integer(address[2]) <= 0xFFFFF:
        raise OverflowError(f"{call}(): flowinfo must be 0-1048575.")
    scope = _integer(address[3]) % _UNSIGNED if len(address) > 3 else 0
    if host == "":
        return ("0.0.0.0" if family == AF_INET else "::", port)
    if host == "<broadcast>":
        return ("255.255.255.255", port)
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    found = names.resolve(host, family)[0][0]
    return (f"{found}%{scope}" if scope and "%" not in found else found, port)


def _integer(value: Any) -> int:
    if isinstance(value, float) or not hasattr(value, "__index__"):
        raise TypeError(f"'{type(value).__name__}' object cannot be interpreted as an integer")
    return operator.index(value)


def parse_path(address: Any) -> bytes:
    """Returns the address of a Unix socket: a path, or a name that begins with a null byte, which is not a path."""
    if isinstance(address, str):
        path = os.fsencode(address)
    else:
        try:
            path = bytes(memoryview(address))
        except TypeError:
            raise TypeError(f"a bytes-like object is required, not '{type(address).__name__}'") from None
    if len(path) > _LONGEST_PATH:
        raise OSError("AF_UNIX path too long")
    return path


def path_for_host(path: bytes) -> str:
    """Converts the address of a Unix socket for the host, whose current folder differs."""
    return os.fsdecode(path) if path.startswith(b"\0") else os.path.abspath(os.fsdecode(path))


def path_for_script(path: Optional[bytes]) -> Union[str, bytes]:
    """Converts the address of a Unix socket for scripts."""
    if path is None:
        return ""
    return path if path.startswith(b"\0") else os.fsdecode(path)
