"""`FakeClock`: the time of a test, which advances only on request."""

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
    """Time of a test. It stands still until `advance` is called, or `run_workflow` jumps to the next event.

    It replaces the clock of the engine: for delays before retries, the polls of `TaskHandle.defer_until` and time
    limits. It does not change ``time.time``, ``time.sleep`` or ``asyncio.sleep``, which are real in the bodies of
    tasks.

    Args:
        start: Initial time: a `datetime.datetime` with a time zone, or RFC 3339 text. Default: 2000-01-01 00:00 UTC.

    Raises:
        ValueError: The text is not a time, or the time has no time zone.
        TypeError: ``start`` has the wrong type.

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
        """Returns the current time of the clock, in UTC."""
        return datetime_of(self._now_ms)

    @property
    def elapsed(self) -> float:
        """Seconds by which the clock has advanced since it was created."""
        return (self._now_ms - self._started_at_ms) / 1000

    def advance(self, seconds: float) -> None:
        """Advances the clock, and calls the functions that `call_later` scheduled for that time.

        If the body of a task calls this method, the task appears to take that long.

        Raises:
            ValueError: ``seconds`` is negative or not finite.
        """
        self._move_to(self._now_ms + _milliseconds(seconds, "seconds"))

    def call_later(self, seconds: float, function: Callable[[], Any]) -> None:
        """Schedules a function for a later time of the clock, to simulate an external event while a workflow runs.

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
        """Advances the clock to a time. It never goes back."""
        while self._timers and self._timers[0][0] <= at_ms:
            due_at_ms, _, function = heapq.heappop(self._timers)
            self._now_ms = max(self._now_ms, due_at_ms)
            function()
        self._now_ms = max(self._now_ms, at_ms)

    def __repr__(self) -> str:
        return f"FakeClock({self.now().isoformat()!r})"


def milliseconds_of(instant: datetime) -> int:
    """Returns the milliseconds since 1970."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def datetime_of(at_ms: int) -> datetime:
    """Returns a time in UTC."""
    return _EPOCH + timedelta(milliseconds=at_ms)


def text_of(at_ms: int) -> str:
    """Returns RFC 3339 text in UTC, in the format of the engine: ``2030-01-02T03:04:05.678+00:00``."""
    return datetime_of(at_ms).isoformat(timespec="milliseconds")


def _milliseconds(seconds: object, name: str) -> int:
    return round(arguments.seconds(seconds, name) * 1000)


def _instant(start: object) -> datetime:
    if isinstance(start, str):
        # Before Python 3.11 `fromisoformat` does not accept Z.
        instant = datetime.fromisoformat(f"{start[:-1]}+00:00" if start[-1:] in ("Z", "z") else start)
    elif isinstance(start, datetime):
        instant = start
    else:
        arguments.refuse(start, "start", "datetime or str")
    if instant.tzinfo is None:
        raise ValueError(f"start has no time zone: {instant.isoformat()}; add one, such as Z or timezone.utc")
    return instant
