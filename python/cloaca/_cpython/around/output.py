"""Copies the output of polls and tasks for their logs, while it goes to ``sys.stdout`` and ``sys.stderr`` of a program.

The streams are those that the program has at that moment, its own or others (those of a test or a notebook). They
receive all output as usual. They are replaced only while calls run.
"""

from __future__ import annotations

import collections
import sys
import threading
from typing import Any, Callable, Deque, Dict, Optional

from ..calls import threads

#: Receives the token of a call, the name of the stream, bytes, and whether logs already have them.
Taker = Callable[[int, str, bytes, bool], None]

_NAMES = ("stdout", "stderr")

#: Maximum number of replaced streams that are kept alive.
_KEPT = 4

_lock = threading.Lock()
_calls = 0
_take: Optional[Taker] = None


class _Noted:
    """Replaces a stream, and copies what calls write."""

    def __init__(self, stream: Any, name: str) -> None:
        self._cloaca_stream = stream
        self._cloaca_name = name

    def write(self, text: Any, /) -> Any:
        count = self._cloaca_stream.write(text)
        take, token = _take, threads.output_token()
        if take is not None and token and type(text) is str and not threads.is_logged():
            take(token, self._cloaca_name, text.encode(errors="replace"), False)
        return count

    def writelines(self, lines: Any, /) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cloaca_stream, name)

    def __iter__(self) -> Any:
        return iter(self._cloaca_stream)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: Any) -> Any:
        return self._cloaca_stream.__exit__(*error)

    def __repr__(self) -> str:
        return repr(self._cloaca_stream)


#: Current and recent replacements of the streams. A ``print`` in another thread continues to write to the stream that
#: it started with, and CPython before 3.13.3 does not keep that stream alive (gh-130163).
_kept: Dict[str, Deque[_Noted]] = {name: collections.deque(maxlen=_KEPT) for name in _NAMES}


def _noted(stream: Any, name: str) -> _Noted:
    for each in _kept[name]:
        if each._cloaca_stream is stream:
            return each
    noted = _Noted(stream, name)
    _kept[name].append(noted)
    return noted


def note(take: Taker) -> None:
    """Passes the output of calls to ``take`` from now on."""
    global _take
    _take = take


def calls_begin(count: int) -> None:
    """Replaces the streams before ``count`` calls, which may print."""
    global _calls
    with _lock:
        _calls += count
        for name in _NAMES:
            stream = getattr(sys, name)
            if stream is not None and type(stream) is not _Noted:
                setattr(sys, name, _noted(stream, name))


def calls_end(count: int) -> None:
    """Restores the streams when the last of the running calls has ended. Streams that the program has replaced stay."""
    global _calls
    with _lock:
        _calls -= count
        if _calls <= 0:
            _restore()


def reset() -> None:
    """Restores the streams and forgets all calls."""
    global _calls, _take
    with _lock:
        _calls, _take = 0, None
        _restore()


def after_fork() -> None:
    """Resets the module in a forked child, where no call runs and the lock may never be released."""
    global _lock
    _lock = threading.Lock()
    reset()


def _restore() -> None:
    for name in _NAMES:
        stream = getattr(sys, name)
        if type(stream) is _Noted:
            setattr(sys, name, stream._cloaca_stream)
