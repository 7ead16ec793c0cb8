"""`FakeClock`: the time of a test, which passes only when something asks it to."""

from __future__ import annotations

import heapq
import itertools
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, List, Optional, Tuple, Union, final

from .._sealed import Sealed
from .._values import arguments

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_DEFAULT_START = datetime(2000, 1, 1, tzinfo=timezone.utc)


@final
class FakeClock(Sealed):
    """The time of a test. It stands still until `advance` is called, or `run_workflow` jumps to what happens next.

    What runs on it is what the engine would wait for: delays before retries, the polls of `TaskHandle.defer_until` and
    time limits. It does not change ``time.time``, ``time.sleep`` or ``asyncio.sleep``: in bodies these are real.

    Args:
        start: The time that it shows first, a `datetime.datetime` with a time zone or RFC 3339 text; 2000-01-01 00:00
            UTC unless given.

    Raises:
        ValueError: The text is no time, or the time has no time zone.
        TypeError: ``start`` is something else.

    Example:
        >>> clock = FakeClock()
        >>> clock.advance(90)
        >>> clock.now().isoformat(), clock.elapsed
        ('2000-01-01T00:01:30+00:00', 90.0)
    """

    __slots__ = ("_started_at_ms", "_now_ms", "_timers", "_numbers")

    _started_at_ms: int
    _now_ms: int
    _timers: List[Tuple[int, int, Callable[[], Any]]]

    def __init__(self, start: Optional[Union[datetime, str]] = None) -> None:
        self._started_at_ms = self._now_ms = milliseconds_of(_DEFAULT_START if start is None else _instant(start))
        self._timers = []
        self._numbers = itertools.count()

    def now(self) -> datetime:
        """The time that it shows, in UTC."""
        return datetime_of(self._now_ms)

    @property
    def elapsed(self) -> float:
        """Seconds that it has advanced since it was made."""
        return (self._now_ms - self._started_at_ms) / 1000

    def advance(self, seconds: float) -> None:
        """Lets time pass, and calls what `call_later` has planned for it. In the body of a task: as if it took so long.

        Raises:
            ValueError: ``seconds`` is negative or not finite.
        """
        self._move_to(self._now_ms + _milliseconds(seconds, "seconds"))

    def call_later(self, seconds: float, function: Callable[[], Any]) -> None:
        """Calls a function once the clock has advanced so far: what happens outside while a workflow runs.

        Raises:
            ValueError: ``seconds`` is negative or not finite.

        Example:
            >>> clock = FakeClock()
            >>> clock.call_later(5, lambda: print("at", clock.elapsed))
            >>> clock.advance(60)
            at 5.0
        """
        delay_ms = _milliseconds(seconds, "seconds")
        arguments.function(function, "function")
        heapq.heappush(self._timers, (self._now_ms + delay_ms, next(self._numbers), function))

    def _move_to(self, at_ms: int) -> None:
        """Lets time pass until an instant. It never goes back."""
        while self._timers and self._timers[0][0] <= at_ms:
            due_at_ms, _, function = heapq.heappop(self._timers)
            self._now_ms = max(self._now_ms, due_at_ms)
            function()
        self._now_ms = max(self._now_ms, at_ms)

    def __repr__(self) -> str:
        return f"FakeClock({self.now().isoformat()!r})"


def milliseconds_of(instant: datetime) -> int:
    """Milliseconds since 1970."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def datetime_of(at_ms: int) -> datetime:
    """An instant in UTC."""
    return _EPOCH + timedelta(milliseconds=at_ms)


def text_of(at_ms: int) -> str:
    """RFC 3339 in UTC, as the engine writes it: ``2030-01-02T03:04:05.678+00:00``."""
    return datetime_of(at_ms).isoformat(timespec="milliseconds")


def _milliseconds(seconds: object, name: str) -> int:
    return round(arguments.seconds(seconds, name) * 1000)


def _instant(start: object) -> datetime:
    if isinstance(start, str):
        # Before Python 3.11 `fromisoformat` knows no Z.
        instant = datetime.fromisoformat(f"{start[:-1]}+00:00" if start[-1:] in ("Z", "z") else start)
    elif isinstance(start, datetime):
        instant = start
    else:
        arguments.refuse(start, "start", "datetime or str")
    if instant.tzinfo is None:
        raise ValueError(f"start has no time zone: {instant.isoformat()}; add one, such as Z or timezone.utc")
    return instant
