"""Next time that the clock of a zone shows a time of day, by the rules of cron expressions.

The engine's own code is in ``src/engine/cron``. A local time that occurs twice is reached at its first occurrence. One
that does not occur on a day is reached at the end of the gap.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo

from ._clock import datetime_of, milliseconds_of


def next_daily_ms(time: str, zone_name: str, after_ms: int) -> int:
    """Returns the first such time after a time."""
    import zoneinfo

    zone = zoneinfo.ZoneInfo(zone_name)
    hour, minute = map(int, time.split(":"))
    day = datetime_of(after_ms).astimezone(zone).replace(tzinfo=None, hour=hour, minute=minute, second=0, microsecond=0)
    while True:
        at_ms = milliseconds_of(_reached(day, zone))
        if at_ms > after_ms:
            return at_ms
        day += timedelta(days=1)


def _reached(local: datetime, zone: tzinfo) -> datetime:
    """Returns the time in UTC at which the clock of a zone first shows a local time, or passes it."""
    before = local.replace(tzinfo=zone, fold=0)
    late = before.astimezone(timezone.utc)
    if late.astimezone(before.tzinfo).replace(tzinfo=None, fold=0) == local:
        return late
    early = before.replace(fold=1).astimezone(timezone.utc)
    offset = before.utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        if middle.astimezone(before.tzinfo).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)
