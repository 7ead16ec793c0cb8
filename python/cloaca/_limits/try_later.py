"""`TryLater`, the exception with which a task ends its attempt and begins again after a delay."""

from __future__ import annotations

import math
import re
import time
from datetime import datetime, timedelta, timezone
from typing import Optional, Protocol, Union

from .._values import arguments
from .._values.duration import parse_duration_ms

#: Longest delay.
_MAX_DAYS = 30
_MAX_MS = _MAX_DAYS * 86_400_000
_MS_IN_S = 1_000
#: Header ``Retry-After`` with seconds.
_DIGITS = re.compile(r"[0-9]{1,15}\Z", re.ASCII).match
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HTTP_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (" + "|".join(_MONTHS) + r") (\d{4}) (\d\d):(\d\d):(\d\d) GMT\Z",
    re.ASCII,
).match


class _Named(Protocol):
    """Limit, as `limit` returns it."""

    @property
    def name(self) -> str: ...


class TryLater(Exception):
    """Ends the attempt of a task, which begins again after a delay. The attempt is not a failure, and uses up no retry.

    ``on_failure`` is not called. A task can do this at most 100 times (setting ``limits.try-later``), then it fails.
    Subclasses, ``raise … from``, and exception groups that contain nothing else work the same. In a trigger, the
    exception is an error like any other. The native engine does not have this class.

    Args:
        delay: A duration such as "30s", seconds as a number or as text of digits, or an HTTP date such as "Wed, 21 Oct
            2026 07:28:00 GMT": a value of the header ``Retry-After``. A date in the past means no delay. At most 30
            days.
        limit: A limit of the task, as `limit` returns it, or its name. Its slots for the task's value of ``per`` are
            closed for the delay. Default: None.

    Raises:
        ValueError: The delay is malformed, negative, or longer than 30 days, or the name of the limit is empty.
        TypeError: An argument has the wrong type.

    Example:
        >>> try:
        ...     raise TryLater("30s")
        ... except TryLater as error:
        ...     print(error.delay, error)
        30.0 try again in 30 s
    """

    _delay_ms: Optional[int] = None
    _limit: Optional[str] = None

    def __init__(self, delay: Union[str, int, float], *, limit: Union[str, _Named, None] = None) -> None:
        super().__init__(delay)
        self._delay_ms = _milliseconds(delay)
        self._limit = _name_of(limit)

    @property
    def delay(self) -> float:
        """Delay in seconds."""
        return (self._delay_ms or 0) / _MS_IN_S

    @property
    def limit(self) -> Optional[str]:
        """Name of the limit whose slots are closed for the delay, or None."""
        return self._limit

    def __str__(self) -> str:
        closing = "" if self._limit is None else f", and limit '{self._limit}' is closed until then"
        return f"try again in {self.delay:g} s{closing}"


def later_of(error: BaseException) -> Optional[TryLater]:
    """Returns the `TryLater` that an exception is, or the longest one of a group that contains nothing else.

    A subclass whose constructor does not call that of `TryLater` has no delay. It is an error like any other: None.
    """
    if isinstance(error, TryLater):
        return None if error._delay_ms is None else error
    inner = getattr(error, "exceptions", None)
    if not isinstance(inner, tuple) or not inner:
        return None
    found = [later_of(each) for each in inner if isinstance(each, BaseException)]
    laters = [each for each in found if each is not None]
    return max(laters, key=lambda each: each.delay) if len(laters) == len(inner) else None


def _milliseconds(delay: object) -> int:
    if isinstance(delay, str):
        delay_ms = _parsed(delay)
    elif isinstance(delay, bool) or not isinstance(delay, (int, float)):
        arguments.refuse(delay, "delay", "a duration, seconds, or an HTTP date")
    elif not delay >= 0:
        raise ValueError(f"Invalid delay {delay}: it must be 0 or a positive number of seconds")
    else:
        delay_ms = math.ceil(min(delay, _MAX_MS) * _MS_IN_S)
    if delay_ms > _MAX_MS:
        raise ValueError(f"Invalid delay '{delay}': it is longer than {_MAX_DAYS} days")
    return delay_ms


def _parsed(text: str) -> int:
    trimmed = text.strip()
    if _DIGITS(trimmed):
        return int(trimmed) * _MS_IN_S
    match = _HTTP_DATE(trimmed)
    try:
        if match is None:
            return parse_duration_ms(trimmed)
        day, month, year, hour, minute, second = match.groups()
        # 60 is a leap second.
        at = datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), tzinfo=timezone.utc)
        at += timedelta(seconds=_second(second))
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"Invalid delay '{text}': {error}. Pass a duration such as '30s', seconds, or an HTTP date such as "
            "'Wed, 21 Oct 2026 07:28:00 GMT'"
        ) from None
    return max(0, math.ceil((at.timestamp() - time.time()) * _MS_IN_S))


def _second(digits: str) -> int:
    second = int(digits)
    if second > 60:
        raise ValueError("second must be in 0..60")
    return second


def _name_of(limit: object) -> Optional[str]:
    if limit is None:
        return None
    name = limit if isinstance(limit, str) else getattr(limit, "name", None)
    if not isinstance(name, str):
        arguments.refuse(limit, "limit", "a limit or its name")
    if not name:
        raise ValueError("Invalid limit '': its name is empty")
    return name
