"""Masks secrets in the output of child processes of served tasks, once a task of this process was given a secret.

A child that inherits standard output or error would write directly to the terminal or file of the engine, without the
masks. Instead the child gets a pipe, and a thread of its call prints the output as if the call had printed it, so the
secrets are masked and the log has the output. Can be deleted when Pyodide starts processes itself.

Proved by ``test/cli/secrets.test.ts``.
"""

from __future__ import annotations

import os
import threading
from typing import Dict, List, Optional, Sequence, Tuple

from ..._border import secrets, stacks
from ..._border.generation import PROGRAM

_PIECE_BYTES = 65_536
#: Maximum time that an ended child's output is waited for. Processes that the child started can keep the pipe open.
_DRAINED_WITHIN_S = 0.25

_STANDARD = (1, 2)
#: Descriptors of the streams that the process started with, by device and inode.
_streams: Dict[Tuple[int, int], int] = {}
_copying: Dict[int, List[threading.Thread]] = {}



class Diversion:
    """Pipes that replace the standard streams of a child, and threads that print the child's output."""

    def __init__(self) -> None:
        self._write_ends: Dict[int, int] = {}
        self._threads: List[threading.Thread] = []

    def end_of(self, stream: int) -> int:
        """Returns the end of the pipe to which a child writes instead of a standard stream."""
        if stream not in self._write_ends:
            read, self._write_ends[stream] = os.pipe()
            thread = threading.Thread(target=_copy, args=(read, stream), daemon=True)
            self._threads.append(thread)
            thread.start()
        return self._write_ends[stream]

    def close(self) -> None:
        """Closes the write ends in this process. The threads end when the child closes its own."""
        for end in self._write_ends.values():
            os.close(end)

    def started(self, pid: int) -> None:
        """Makes waiting for the child also wait for its output."""
        if self._threads:
            _copying[pid] = self._threads


def divert(descriptors: Sequence[Tuple[int, int]]) -> Tuple[List[Tuple[int, int]], Diversion]:
    """Returns the descriptors of a child, with pipes in place of standard streams."""
    diversion = Diversion()
    if not secrets.was_given or stacks.running.generation is PROGRAM:
        return list(descriptors), diversion
    diverted = []
    for child, own in descriptors:
        stream = _stream_of(own)
        diverted.append((child, own if stream is None else diversion.end_of(stream)))
    return diverted, diversion


def drain(pid: int) -> None:
    """Waits until the output that a child printed before its end is printed here."""
    for thread in _copying.pop(pid, ()):
        thread.join(_DRAINED_WITHIN_S)


def _copy(read: int, stream: int) -> None:
    with open(read, "rb", buffering=0) as pipe:
        while data := pipe.read(_PIECE_BYTES):
            os.write(stream, data)


def _stream_of(descriptor: int) -> Optional[int]:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None  # the descriptor is not open
    return _streams.get((status.st_dev, status.st_ino))


def install() -> None:
    """Remembers the streams that the process starts with."""
    for stream in _STANDARD:
        status = os.fstat(stream)
        _streams.setdefault((status.st_dev, status.st_ino), stream)
