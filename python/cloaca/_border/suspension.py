"""Suspends the running stack: the one step in Python below every wait.

Reading a byte from the host's descriptor suspends the stack until the host has an answer, and finds nothing to read
when the answer is a plain yes. The host's ``suspension.ts`` says why it is done so. The class of the socket is kept
from here, since the adaptations put another one in its place. Can go when ``pyodide.ffi.run_sync`` is as quick (see
there).
"""

from __future__ import annotations

import _socket
from typing import Callable, List

_Socket = _socket.socket
_kept: List[_socket.socket] = []


def suspender(descriptor: int) -> Callable[[int], bytes]:
    """What suspends when it is called with 1: an empty answer means yes, else there is more to read from the host."""
    sock = _Socket(_socket.AF_INET, _socket.SOCK_STREAM, 0, descriptor)
    _kept.append(sock)  # closing it would be reported
    return sock.recv
