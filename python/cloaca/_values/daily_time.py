"""Time of day in a time zone, such as 07:00 in Europe/Berlin."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from . import arguments

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z", re.ASCII).match


def optional_daily_time(done_by: object, timezone: object) -> Optional[Tuple[str, str]]:
    """Returns the time and the name of its zone, or None if no time is given.

    Raises:
        TypeError: An argument is neither text nor None.
        ValueError: The time is not HH:MM, the zone is unknown, or a zone is given without a time.
    """
    if done_by is None:
        if arguments.optional_text(timezone, "timezone") is not None:
            raise ValueError("`timezone` requires `done_by`, the time of day that it applies to")
        return None
    return daily_time(done_by, "done_by", timezone)


def daily_time(value: object, name: str, timezone: object) -> Tuple[str, str]:
    """Returns the time of an argument, and the name of its zone.

    Raises:
        TypeError: An argument is not text.
        ValueError: The time is not HH:MM, or the zone is unknown.
    """
    time = arguments.text(value, name)
    zone = arguments.optional_text(timezone, "timezone")
    if not _TIME(time):
        raise ValueError(f"Invalid {name} '{time}': expected a time of day from 00:00 to 23:59, such as '07:00'")
    if zone is not None and not _is_zone(zone):
        raise ValueError(
            f"Invalid timezone '{zone}': expected the IANA name of a time zone, such as 'Europe/Berlin' or 'UTC'"
        )
    return time, "UTC" if zone is None else zone


def _is_zone(name: str) -> bool:
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        # Without a database of time zones, as on Windows without the package tzdata, the engine checks the name.
        return not zoneinfo.available_timezones()
    return True
