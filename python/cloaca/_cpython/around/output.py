"""``sys.stdout`` and ``sys.stderr`` of a program while polls and tasks run: what those print is noted for their logs.

The streams are those that the program has at that moment, its own or others' (a test's, a notebook's), and get all of
it as ever. Between calls nothing stands in their place.
"""

from __future__ import annotations

import collections
import sys
import threading
from typing import Any, Callable, Deque, Dict, Optional

from ..calls import threads

#: Takes the token of a call, the name of the stream, bytes, and whether logs have them already.
Taker = Callable[[int, str, bytes, bool], None]

_NAMES = ("stdout", "stderr")

#: So many streams of a program may have had something in their place a moment ago.
_KEPT = 4

_lock = threading.Lock()
_calls = 0
_take: Optional[Taker] = None


class _Noted:
    """Stands for a stream, and notes what calls write."""

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


#: Those that stand for the streams, or did last. A ``print`` that is at work in another thread goes on writing to what
#: was there when it began, and before CPython 3.13.3 does not keep that alive (gh-130163).
_kept: Dict[str, Deque[_Noted]] = {name: collections.deque(maxlen=_KEPT) for name in _NAMES}


def _noted(stream: Any, name: str) -> _Noted:
    for each in _kept[name]:
        if each._cloaca_stream is stream:
            return each
    noted = _Noted(stream, name)
    _kept[name].append(noted)
    return noted


def note(take: Taker) -> None:
    """From now on ``take`` is told what calls print."""
    global _take
    _take = take


def calls_begin(count: int) -> None:
    """So many calls begin, which may print."""
    global _calls
    with _lock:
        _calls += count
        for name in _NAMES:
            stream = getattr(sys, name)
            if stream is not None and type(stream) is not _Noted:
                setattr(sys, name, _noted(stream, name))


def calls_end(count: int) -> None:
    """So many have ended: with the last one the program's streams are back, unless it has others there meanwhile."""
    global _calls
    with _lock:
        _calls -= count
        if _calls <= 0:
            _restore()


def reset() -> None:
    """No call is under way, and none is noted."""
    global _calls, _take
    with _lock:
        _calls, _take = 0, None
        _restore()


def after_fork() -> None:
    """In a forked child no call runs, and whoever held the lock is not there."""
    global _lock
    _lock = threading.Lock()
    reset()


def _restore() -> None:
    for name in _NAMES:
        stream = getattr(sys, name)
        if type(stream) is _Noted:
            setattr(sys, name, stream._cloaca_stream)
