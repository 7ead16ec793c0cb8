"""Makes ``socket``, ``select`` and ``selectors`` of the standard library use the sockets of Node.

``prepare`` is called before other modules are imported, because modules keep the names that they import. It replaces
the contents of ``_socket`` (a C module of Pyodide 314.0.7 that cannot use the network) and imports ``socket`` again.
``install`` connects the modules to the host at every start. Can be deleted when Pyodide itself can use the network.

Proved by ``python/tests/stdlib/test_socket.py``.
"""

from __future__ import annotations

import _socket
import atexit
import contextlib
import importlib
import select
import selectors
import sys

from ..._border import bridge, host
from .. import readiness
from ..builtin import builtin
from ..pauses import pause_until
from . import epoll, name_lookups, open_sockets, select_poll, socket_object

_INTERFACES = ("if_nameindex", "if_nametoindex", "if_indextoname", "inet_pton", "inet_ntop")

#: Maximum time that the end of a process waits for unsent bytes.
_LONGEST_END_S = 5


def prepare() -> None:
    _socket.socket = _socket.SocketType = socket_object.socket  # type: ignore[misc,assignment]
    _socket.socketpair = socket_object.socketpair  # type: ignore[assignment]
    _socket.getdefaulttimeout = readiness.getdefaulttimeout
    _socket.setdefaulttimeout = readiness.setdefaulttimeout
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo", *_INTERFACES):
        setattr(_socket, name, getattr(name_lookups, name))
    _socket.getservbyname = name_lookups.getservbyname
    _socket.getservbyport = name_lookups.getservbyport
    _socket.close = open_sockets.close_descriptor  # type: ignore[assignment]
    _socket.dup = open_sockets.duplicate  # type: ignore[assignment]
    _socket.has_ipv6 = True
    _socket.AF_UNIX, _socket.SO_REUSEADDR, _socket.SO_REUSEPORT = 1, 2, 15  # type: ignore[misc]
    for name in ("IPPROTO_UDPLITE", "IPPROTO_MPTCP"):  # protocols that Node does not support
        for module in (_socket, sys.modules.get("socket")):
            if hasattr(module, name):
                delattr(module, name)
    if "socket" in sys.modules:
        importlib.reload(sys.modules["socket"])
    select.select = builtin(select_poll.select, "select", "select")
    select.poll = builtin(select_poll.poll, "select", "poll")  # type: ignore[misc]
    epoll.prepare()
    importlib.reload(selectors)


def install() -> None:
    atexit.register(_send_the_rest)


def _send_the_rest() -> None:
    """Sends all written data before the process ends, as a system does.

    It gives up if a peer does not read, and on Ctrl-C. Ctrl-C prints no traceback, because python would already have
    ended.
    """
    if not bridge.can_wait():
        return
    with contextlib.suppress(KeyboardInterrupt):
        pause_until(lambda: not host.sockets.all_unsent_bytes(), (2,), _LONGEST_END_S)
