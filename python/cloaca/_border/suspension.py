"""Suspends the running stack. Every wait ends up in this one step.

Reading a byte from the host's descriptor suspends the stack until the host has an answer. It returns no bytes if the
answer is a plain yes. ``suspension.ts`` of the host gives the reasons. The socket class is saved here, because the
adaptations replace it. Can be deleted when ``pyodide.ffi.run_sync`` is as fast (see there).
"""

from __future__ import annotations

import _socket
from typing import Callable, List

_Socket = _socket.socket
_kept: List[_socket.socket] = []


def suspender(descriptor: int) -> Callable[[int], bytes]:
    """Returns the function that suspends when called with 1. No bytes mean yes, else the host has more to read."""
    sock = _Socket(_socket.AF_INET, _socket.SOCK_STREAM, 0, descriptor)
    _kept.append(sock)  # garbage collection of an open socket would print a warning
    return sock.recv
