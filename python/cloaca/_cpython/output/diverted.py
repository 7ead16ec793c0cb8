"""Standard descriptors of a process that received a secret. Output of children and native code to them is masked.

Each descriptor becomes a pipe, which a thread reads. Python's own streams do not use the pipes: the speaker receives
their output together with its call. ``speaker`` creates the pipes before the first secret is passed on.
"""

from __future__ import annotations

import os
import select
import threading
from typing import Callable, Dict, Mapping, Optional, Union

from ..channel import helpers
from .outlet import Outlet
from .sent import SentStream

_PIECE_BYTES = 65_536
#: Time without further output after which a possible beginning of a secret is released.
_HELD_FOR_S = 1.0
_NUMBERS = {"stdout": 1, "stderr": 2}


class DivertedDescriptors:
    """Both descriptors. ``take`` receives bytes with the name of their stream, and b"" after a time without output."""

    def __init__(self, outlets: Mapping[str, Union[Outlet, SentStream]], take: Callable[[str, bytes], None]) -> None:
        self._take = take
        self._lock = threading.Lock()
        self._pipes: Dict[str, int] = {}
        for name, number in _NUMBERS.items():
            outlets[name].move(os.dup(number))
            read, write = os.pipe()
            os.dup2(write, number)
            os.close(write)
            self._pipes[name] = read
            helpers.start(self._copy, name, read)

    def drain(self) -> None:
        """Takes all output written so far, so that it is shown before the output that the caller prints next."""
        for name, read in self._pipes.items():
            while self._take_piece(name, read):
                pass

    def _copy(self, name: str, read: int) -> None:
        while True:
            _wait(read, None)
            self._take_piece(name, read)
            if not _wait(read, _HELD_FOR_S):
                self._take(name, b"")

    def _take_piece(self, name: str, read: int) -> bool:
        with self._lock:
            if not _wait(read, 0):
                return False
            self._take(name, os.read(read, _PIECE_BYTES))
            return True


def _wait(descriptor: int, within_s: Optional[float]) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if within_s is None else within_s * 1_000))
