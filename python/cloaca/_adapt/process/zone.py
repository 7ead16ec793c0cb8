"""The local time zone: its names in ``time`` and ``datetime``, and ``time.tzset``.

Pyodide (seen in 314.0.7) knows the offsets of the local time zone, but uses names such as "UTC-0500". The constants of
``time`` are those of the machine that created the memory snapshot, and ``tzset`` does not exist. The host sets the
names in the C library, and the zone of the interpreter's process. ``TZ`` can contain the name or path of a zone in the
database, or describe a zone: ``IST-5:30``, ``CET-1CEST,M3.5.0,M10.5.0/3``. Can be deleted when Pyodide asks for the
names at its start, and Emscripten knows the rules of POSIX.

Proved by ``python/tests/stdlib/test_time.py``.
"""

from __future__ import annotations

import datetime
import os
import time
import zoneinfo
from typing import Optional, Tuple

from ..._border import host
from ..builtin import builtin

#: Seconds of a year. As in CPython's ``time``, the names and offsets on Linux are those of January and July.
_YEAR_SECONDS = (365 * 24 + 6) * 3600


def tzset() -> None:
    """Initialize, or reinitialize, the local timezone to the value stored in os.environ['TZ']."""
    text = os.environ.get("TZ")
    if text is None:
        _use(host.clocks.change_zone(None))
        return
    text = text.removeprefix(":")
    name = (text.partition("/zoneinfo/")[2] if text.startswith("/") else text) or "UTC"
    if _zone(name) is not None and host.clocks.change_zone(name):
        _use(name)  # the name in ``TZ``, because Node's name can differ: it calls GMT0 UTC
    else:
        host.clocks.describe_zone(text)
        _show_described()


def install(zone_name: str) -> None:
    time.tzset = builtin(tzset, "time")
    if os.environ.get("TZ") is None:
        _use(zone_name)
    else:
        tzset()


def _zone(name: str) -> Optional[zoneinfo.ZoneInfo]:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _use(zone_name: str) -> None:
    """Sets the names and offsets of a zone of the database."""
    zone = _zone(zone_name)
    if zone is None:
        return
    (standard, west), (daylight, west_in_summer) = _seasons(zone)
    host.clocks.set_zone(standard, daylight, west, west != west_in_summer)
    _show(standard, daylight, west, west_in_summer)


def _seasons(zone: datetime.tzinfo) -> Tuple[Tuple[str, int], Tuple[str, int]]:
    """Returns the name and the seconds west of Greenwich, for standard time and for daylight saving time."""
    year = datetime.date.today().year
    both = [datetime.datetime(year, month, 1, tzinfo=zone) for month in (1, 7)]
    winter, summer = sorted(both, key=lambda when: when.utcoffset() or datetime.timedelta())
    if winter.utcoffset() == summer.utcoffset():
        summer = winter
    west = [-int((when.utcoffset() or datetime.timedelta()).total_seconds()) for when in (winter, summer)]
    return (winter.tzname() or "UTC", west[0]), (summer.tzname() or "UTC", west[1])


def _show_described() -> None:
    """Sets the names and offsets of the zone that ``TZ`` describes."""
    january = int(time.time()) // _YEAR_SECONDS * _YEAR_SECONDS
    both = [time.localtime(instant) for instant in (january, january + _YEAR_SECONDS // 2)]
    winter, summer = sorted(both, key=lambda when: when.tm_gmtoff)
    _show(winter.tm_zone, summer.tm_zone, -winter.tm_gmtoff, -summer.tm_gmtoff)


def _show(standard: str, daylight: str, west: int, west_in_summer: int) -> None:
    time.tzname = (standard, daylight)
    time.timezone, time.altzone, time.daylight = west, west_in_summer, int(west != west_in_summer)
