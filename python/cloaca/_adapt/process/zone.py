"""The local time zone: its names in ``time`` and ``datetime``, and ``time.tzset``.

Pyodide (seen in 314.0.7) knows the offsets of the local time zone, but calls it "UTC-0500" and the like; the constants
of ``time`` are those of the machine on which the memory snapshot was made; and ``tzset`` does not exist. The host sets
the names where the C library keeps them, and the zone of the interpreter's thread. ``TZ`` may name a zone of the
database. Of the forms ``EST5`` and ``EST5EDT,M3.2.0,M11.1.0``, daylight saving time is kept only where a well-known
zone has these names and offsets: Node knows no rules. Can go when Pyodide asks for the names at start.

Proved by ``python/tests/stdlib/test_time.py``.
"""

from __future__ import annotations

import datetime
import os
import re
import time
import zoneinfo
from typing import Optional, Tuple

from ..._border import host
from ..builtin import builtin

#: What POSIX calls a zone: names, hours west of Greenwich, and rules.
_POSIX = re.compile(
    r"(?P<name>[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)(?P<hours>[+-]?\d{1,2})(:00)*(?P<summer>[A-Za-z]{3,})?.*"
)
_WELL_KNOWN = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Halifax"),
    *("Europe/London", "Europe/Berlin", "Europe/Athens", "Europe/Lisbon", "Asia/Jerusalem"),
    *("Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland"),
)


def tzset() -> None:
    """Initialize, or reinitialize, the local timezone to the value stored in os.environ['TZ']."""
    text = os.environ.get("TZ")
    form = _POSIX.fullmatch(text or "")
    if text is None or form is None or _zone(text) is not None:
        _set_names(host.clocks.change_zone(text and text.lstrip(":")))
        return
    name, west = form["name"].strip("<>"), int(form["hours"])
    for known in _WELL_KNOWN if form["summer"] else ():
        if _facts(known) == (name, form["summer"], west * 3600):
            _set_names(host.clocks.change_zone(known))
            return
    _set_names(host.clocks.change_zone(f"Etc/GMT{west:+}" if west else "UTC"))
    time.tzname = (name, name)
    host.clocks.set_zone(name, name, time.timezone, False)


def install(zone_name: str) -> None:
    time.tzset = builtin(tzset, "time")
    _set_names(zone_name)


def _zone(name: str) -> Optional[zoneinfo.ZoneInfo]:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _seasons(zone: datetime.tzinfo) -> Tuple[Tuple[str, int], Tuple[str, int]]:
    """The name and the seconds west of Greenwich of standard time and of daylight saving time."""
    year = datetime.date.today().year
    both = [datetime.datetime(year, month, 1, tzinfo=zone) for month in (1, 7)]
    winter, summer = sorted(both, key=lambda when: when.utcoffset() or datetime.timedelta())
    if winter.utcoffset() == summer.utcoffset():
        summer = winter
    west = [-int((when.utcoffset() or datetime.timedelta()).total_seconds()) for when in (winter, summer)]
    return (winter.tzname() or "UTC", west[0]), (summer.tzname() or "UTC", west[1])


def _facts(name: str) -> Optional[Tuple[str, str, int]]:
    zone = _zone(name)
    if zone is None:
        return None
    (standard, west), (daylight, _) = _seasons(zone)
    return standard, daylight, west


def _set_names(zone_name: str) -> None:
    zone = _zone(zone_name)
    if zone is None:
        return
    (standard, west), (daylight, west_in_summer) = _seasons(zone)
    host.clocks.set_zone(standard, daylight, west, west != west_in_summer)
    time.tzname = (standard, daylight)
    time.timezone, time.altzone, time.daylight = west, west_in_summer, int(west != west_in_summer)
