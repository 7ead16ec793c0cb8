"""``sys.stdout`` and ``sys.stderr`` of a process of CPython: what a call prints is in its log.

A program's output is its own, byte for byte, and is noted besides. What served scripts print is handed to the speaker
(``speaker``), which writes it: nobody waits for a reader.
"""

from __future__ import annotations

import io
import os
import select
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
        self.name = f"<{name}>"
        self.mode = "wb"

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: Any) -> int:
        self._take(threads.output_token(), self._stream, bytes(data), threads.is_logged())
        return len(data)

    def close(self) -> None:
        """Does nothing: the process has its standard streams until its end."""


class _ProgramRaw(io.FileIO):
    """A standard stream that Node may have made one that does not wait: a write waits all the same."""

    def write(self, data: Any) -> int:
        while True:
            written = super().write(data)
            if written is not None:
                return written
            select.select([], [self], [])


class _ProgramText(io.TextIOWrapper):
    """The stream of a program: notes what calls print."""

    _cloaca_name = ""
    _cloaca_take: Any = None

    def write(self, text: str, /) -> int:
        count = super().write(text)
        token = threads.output_token()
        if token and not threads.is_logged():
            self._cloaca_take(token, self._cloaca_name, text.encode(errors="replace"), False)
        return count


def serve(take: Taker) -> None:
    """Replaces the standard streams of a process that serves scripts."""
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        old = getattr(sys, name)
        raw: Any = _ServedRaw(descriptor, name, take)
        encoding, errors = ("utf-8", "backslashreplace") if old is None else (old.encoding, old.errors)
        _put(name, io.TextIOWrapper(raw, encoding=encoding, errors=errors, newline="\n", write_through=True))


def follow(take: Taker) -> None:
    """Replaces the standard streams of a process that runs one program."""
    for name in ("stdout", "stderr"):
        old = getattr(sys, name)
        if not isinstance(old, io.TextIOWrapper):
            continue  # closed by who has started the process
        raw: Any = _ProgramRaw(old.fileno(), "wb", closefd=False)
        raw.name = f"<{name}>"
        binary: Any = raw if isinstance(old.buffer, io.RawIOBase) else io.BufferedWriter(raw)
        new = _ProgramText(
            binary,
            encoding=old.encoding,
            errors=old.errors,
            newline="\n",
            line_buffering=old.line_buffering,
            write_through=old.write_through,
        )
        new.mode = "w"  # type: ignore[misc]
        new._cloaca_name, new._cloaca_take = name, take
        _put(name, new)


def restore() -> None:
    """Gives a forked child the streams that the process had in the beginning."""
    for name, stream in _kept:
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _put(name: str, stream: Any) -> None:
    _kept.append((name, getattr(sys, name)))
    setattr(sys, name, stream)
    setattr(sys, f"__{name}__", stream)
