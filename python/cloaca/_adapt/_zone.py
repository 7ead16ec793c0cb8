"""The local time zone: its names in ``time`` and ``datetime``, and ``time.tzset``.

Pyodide (seen in 314.0.7) knows the offsets of the local time zone, but calls it "UTC-0500" and the like; the constants
of ``time`` are those of the machine on which the memory snapshot was made; and ``tzset`` does not exist. The host sets
the names where the C library keeps them, and the zone of the interpreter's thread. ``TZ`` may name a zone of the
database, or have the form ``EST5`` (without daylight saving time). Can go when Pyodide asks for the names at start.
"""

from __future__ import annotations

import datetime
import os
import re
import time
import zoneinfo
from typing import Any

from ._builtin import builtin

_FIXED = re.compile(r"<?([A-Za-z]{3,}|(?<=<)[A-Za-z0-9+-]{3,})>?([+-]?)(\d{1,2})(?::?00)*")

_machine: Any = None


def tzset() -> None:
    """Initialize, or reinitialize, the local timezone to the value stored in os.environ['TZ']."""
    text = os.environ.get("TZ")
    fixed = _FIXED.fullmatch(text or "")
    name = text.lstrip(":") if text else text
    if fixed:
        sign, hours = fixed[2] or "+", int(fixed[3])
        name = f"Etc/GMT{sign}{hours}" if hours else "UTC"
    _set_names(_machine.change_zone(name))
    if fixed:
        west = time.timezone
        _machine.set_zone(fixed[1], fixed[1], west, False)
        time.tzname = (fixed[1], fixed[1])


def install(machine: Any, zone_name: str) -> None:
    global _machine
    _machine = machine
    time.tzset = builtin(tzset, "time")
    _set_names(zone_name)


def _set_names(zone_name: str) -> None:
    try:
        zone: datetime.tzinfo = zoneinfo.ZoneInfo(zone_name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return
    year = datetime.date.today().year
    winter, summer = (datetime.datetime(year, month, 1, tzinfo=zone) for month in (1, 7))
    if (winter.utcoffset() or datetime.timedelta()) > (summer.utcoffset() or datetime.timedelta()):
        winter, summer = summer, winter  # the southern half of the world
    names = (winter.tzname() or "UTC", summer.tzname() or "UTC")
    west, west_in_summer = (
        -int((when.utcoffset() or datetime.timedelta()).total_seconds()) for when in (winter, summer)
    )
    _machine.set_zone(names[0], names[1], west, west != west_in_summer)
    time.tzname = names
    time.timezone, time.altzone, time.daylight = west, west_in_summer, int(west != west_in_summer)
