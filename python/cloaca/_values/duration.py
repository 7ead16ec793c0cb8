"""The grammar of durations: a whole number and a unit, ``100ms``, ``5s``, ``1m``, ``2h``."""

from __future__ import annotations

import re
from typing import Optional

from . import arguments

_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}

_NUMBER = re.compile(r"[0-9]+\Z", re.ASCII).match
_TRAILING_LETTERS = re.compile(r"[A-Za-z]*\Z").search

#: The longest duration that the engine counts exactly, in milliseconds.
_LONGEST_MS = 2**53 - 1


def optional_duration_ms(value: object, name: str) -> Optional[int]:
    """An argument that is a duration or None, in milliseconds.

    Raises:
        TypeError: It is neither text nor None.
        ValueError: The text is no duration.
    """
    duration = arguments.optional_text(value, name)
    if duration is None:
        return None
    try:
        return parse_duration_ms(duration)
    except ValueError as error:
        raise ValueError(f"Invalid {name} '{duration}': {error}") from None


def optional_limit_ms(value: object, name: str) -> Optional[int]:
    """The same for a limit, which is never zero."""
    limit_ms = optional_duration_ms(value, name)
    if limit_ms == 0:
        raise ValueError(f"Invalid {name} '{value}': it must be longer than 0; leave it out for the engine's own limit")
    return limit_ms


def parse_duration_ms(text: str, bare_seconds: bool = False) -> int:
    """A duration in milliseconds.

    Args:
        text: A whole number, directly followed by ``ms``, ``s``, ``m`` or ``h``; blanks around it do not count.
        bare_seconds: Whether a number without a unit is taken, as seconds.

    Raises:
        ValueError: The text is no duration; the message is the reason alone.
    """
    trimmed = text.strip()
    if not trimmed:
        raise ValueError("empty string")
    match = _TRAILING_LETTERS(trimmed)
    unit = match.group() if match else ""
    digits = trimmed[: len(trimmed) - len(unit)]
    if bare_seconds and not unit and _NUMBER(digits):
        unit = "s"
    if not unit or not digits:
        raise ValueError(f"expected number followed by unit (s, m, h, ms), got '{trimmed}'")
    if unit not in _UNIT_MS:
        raise ValueError(f"unknown unit '{unit}', expected s, m, h, or ms")
    if not _NUMBER(digits) or len(digits) > 20:
        raise ValueError(f"'{digits}' is not a valid number")
    duration_ms = int(digits) * _UNIT_MS[unit]
    if duration_ms > _LONGEST_MS:
        raise ValueError(f"'{digits}' is not a valid number of '{unit}': it is too large")
    return duration_ms
