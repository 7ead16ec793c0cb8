"""``sys.stdout`` and ``sys.stderr`` of a process of CPython: what a call prints is in its log.

What served scripts print is handed to the speaker (``speaker``), which writes it: nobody waits for a reader.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any, Callable

from ..calls import threads

#: Takes the token of a call or 0, the name of the stream, bytes, and whether logs have them already.
Taker = Callable[[int, str, bytes, bool], None]

_kept: Any = []


class _ServedRaw(io.RawIOBase):
    """The stream below the texts: hands on what is written, with whose it is."""

    def __init__(self, descriptor: int, name: str, take: Taker) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._stream = name
        self._take = take
        self._is_terminal = os.isatty(descriptor)
        self.name = f"<{name}>"
        self.mode = "wb"

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, data: Any) -> int:
        self._take(threads.output_token(), self._stream, bytes(data), threads.is_logged())
        return len(data)

    def close(self) -> None:
        """Does nothing: the process has its standard streams until its end."""


def serve(take: Taker) -> None:
    """Replaces the standard streams of a process that serves scripts."""
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        old = getattr(sys, name)
        raw: Any = _ServedRaw(descriptor, name, take)
        encoding, errors = ("utf-8", "backslashreplace") if old is None else (old.encoding, old.errors)
        _put(name, io.TextIOWrapper(raw, encoding=encoding, errors=errors, newline="\n", write_through=True))


def restore() -> None:
    """Gives a forked child the streams that the process had in the beginning."""
    for name, stream in _kept:
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _put(name: str, stream: Any) -> None:
    _kept.append((name, getattr(sys, name)))
    setattr(sys, name, stream)
    setattr(sys, f"__{name}__", stream)
