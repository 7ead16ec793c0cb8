"""Grammar of durations: a whole number and a unit, such as ``100ms``, ``5s``, ``1m``, ``2h``, ``7d``."""

from __future__ import annotations

import re
from typing import Literal, Optional, Tuple, Union

from . import arguments

_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "ms": 1}

#: Units of poll intervals, which the API defines.
_INTERVAL_UNITS = ("s", "m", "h", "ms")

_NUMBER = re.compile(r"[0-9]+\Z", re.ASCII).match
_TRAILING_LETTERS = re.compile(r"[A-Za-z]*\Z").search

#: Longest duration in milliseconds that the engine can represent exactly.
_LONGEST_MS = 2**53 - 1


def optional_duration_ms(value: object, name: str) -> Optional[int]:
    """Converts an argument that is a duration or None to milliseconds.

    Raises:
        TypeError: The argument is neither text nor None.
        ValueError: The text is not a duration.
    """
    duration = arguments.optional_text(value, name)
    if duration is None:
        return None
    try:
        return parse_duration_ms(duration)
    except ValueError as error:
        raise ValueError(f"Invalid {name} '{duration}': {error}") from None


def optional_limit_ms(value: object, name: str) -> Optional[int]:
    """Converts an argument that is a time limit or None to milliseconds. A limit must not be zero."""
    limit_ms = optional_duration_ms(value, name)
    if limit_ms == 0:
        raise ValueError(f"Invalid {name} '{value}': it must be longer than 0; omit it to use the engine's limit")
    return limit_ms


def optional_expectation_ms(value: object, name: str) -> Optional[int]:
    """Converts an argument that is a duration or None to milliseconds. After this time, an alert is sent."""
    expected_ms = optional_duration_ms(value, name)
    if expected_ms == 0:
        raise ValueError(f"Invalid {name} '{value}': it must be longer than 0; omit it to get no alert")
    return expected_ms


def optional_lifetime_ms(value: object, name: str) -> Union[int, Literal["never"], None]:
    """Converts an argument that is a duration, "never" or None to milliseconds. Something expires after this time."""
    if value == "never":
        return "never"
    lifetime_ms = optional_duration_ms(value, name)
    if lifetime_ms == 0:
        raise ValueError(f"Invalid {name} '{value}': it must be longer than 0")
    return lifetime_ms


def parse_duration_ms(text: str) -> int:
    """Returns a duration in milliseconds.

    Args:
        text: Whole number, directly followed by ``ms``, ``s``, ``m``, ``h`` or ``d``. Blanks around it are ignored.

    Raises:
        ValueError: The text is not a duration. The message is only the reason.
    """
    return _parsed(text, tuple(_UNIT_MS))


def parse_interval_ms(text: str, bare_seconds: bool = False) -> int:
    """Returns a poll interval in milliseconds. Days are not allowed.

    Args:
        text: Text as in `parse_duration_ms`.
        bare_seconds: Whether a number without a unit is accepted, as seconds.

    Raises:
        ValueError: The text is not an interval. The message is only the reason.
    """
    return _parsed(text, _INTERVAL_UNITS, bare_seconds)


def _parsed(text: str, units: Tuple[str, ...], bare_seconds: bool = False) -> int:
    trimmed = text.strip()
    if not trimmed:
        raise ValueError("empty string")
    match = _TRAILING_LETTERS(trimmed)
    unit = match.group() if match else ""
    digits = trimmed[: len(trimmed) - len(unit)]
    if bare_seconds and not unit and _NUMBER(digits):
        unit = "s"
    if not unit or not digits:
        raise ValueError(f"expected number followed by unit ({', '.join(units)}), got '{trimmed}'")
    if unit not in units:
        raise ValueError(f"unknown unit '{unit}', expected {', '.join(units[:-1])}, or {units[-1]}")
    if not _NUMBER(digits) or len(digits) > 20:
        raise ValueError(f"'{digits}' is not a valid number")
    duration_ms = int(digits) * _UNIT_MS[unit]
    if duration_ms > _LONGEST_MS:
        raise ValueError(f"'{digits}' is not a valid number of '{unit}': it is too large")
    return duration_ms
