"""``sys.stdout`` and ``sys.stderr`` of a process of CPython, which copy the output of a call to its log.

The output of served scripts goes to the speaker (``speaker``), which writes it, so no script waits for a reader.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any, Callable

from ..calls import threads

#: Receives the token of a call or 0, the name of the stream, bytes, and whether logs already have them.
Taker = Callable[[int, str, bytes, bool], None]

_kept: Any = []


class _ServedRaw(io.RawIOBase):
    """Stream below the text layer, which passes on written bytes with their call."""

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
        """Does nothing, because the process has its standard streams until its end."""


def serve(take: Taker) -> None:
    """Replaces the standard streams of a process that serves scripts."""
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        old = getattr(sys, name)
        raw: Any = _ServedRaw(descriptor, name, take)
        encoding, errors = ("utf-8", "backslashreplace") if old is None else (old.encoding, old.errors)
        _put(name, io.TextIOWrapper(raw, encoding=encoding, errors=errors, newline="\n", write_through=True))


def restore() -> None:
    """Restores the original streams of the process in a forked child."""
    for name, stream in _kept:
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _put(name: str, stream: Any) -> None:
    _kept.append((name, getattr(sys, name)))
    setattr(sys, name, stream)
    setattr(sys, f"__{name}__", stream)
