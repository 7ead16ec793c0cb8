"""The local time zone: its names in ``time`` and ``datetime``.

Pyodide (seen in 314.0.7) knows the offsets of the local time zone, but calls it "UTC-0500" and the like; and the
constants of ``time`` are those of the machine on which the memory snapshot was made. The host sets the names where
the C library keeps them. Can go when Pyodide asks for the names at start.
"""

from __future__ import annotations

import datetime
import time
import zoneinfo
from typing import Any


def install(machine: Any, zone_name: str) -> None:
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
    machine.set_zone(names[0], names[1], west, west != west_in_summer)
    time.tzname = names
    time.timezone, time.altzone, time.daylight = west, west_in_summer, int(west != west_in_summer)
