"""Checks of arguments of limits and priorities."""

from __future__ import annotations

import re
from typing import Dict, Literal, NamedTuple, Optional

from . import arguments
from .duration import parse_duration_ms

#: Handling of runs above the limit of their workflow.
Overflow = Literal["queue", "drop", "newest"]

_OVERFLOWS: Dict[str, Overflow] = {"queue": "queue", "drop": "drop", "newest": "newest"}
_LIMIT_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}\Z", re.ASCII).match
_COUNT = re.compile(r"[0-9]{1,6}\Z", re.ASCII).match
_MAX_COUNT = 100_000
_MIN_WINDOW_MS, _MAX_WINDOW_MS = 1_000, 7 * 86_400_000
_LOWEST_PRIORITY, _HIGHEST_PRIORITY = -100, 100
#: Largest number that the engine can represent exactly.
_MAX_ACTIVE = 2**53 - 1


class Rate(NamedTuple):
    """Number of attempts that may begin within a sliding window."""

    attempts: int
    window_ms: int


class WorkflowLimit(NamedTuple):
    """Limit of the runs of a workflow."""

    max_active: int
    per: Optional[str]
    overflow: Overflow


def limit_name(value: object) -> str:
    """Returns the name of a limit."""
    name = arguments.text(value, "name")
    if _LIMIT_NAME(name) is None:
        raise ValueError(
            f"argument 'name': the name of a limit has 1 to 100 ASCII letters, digits, '_', '-' and '.', got {name!r}"
        )
    return name


def optional_maximum(value: object) -> Optional[int]:
    """Returns a maximum number of attempts or runs, or None."""
    maximum = arguments.optional_count(value, "max_active")
    if maximum is not None and maximum > _MAX_ACTIVE:
        raise ValueError(f"max_active must be at most {_MAX_ACTIVE}, got {maximum}")
    return maximum


def optional_per(value: object) -> Optional[str]:
    """Returns the name of a value of an input, or None."""
    per = arguments.optional_name(value, "per")
    if per == "":
        raise ValueError("argument 'per': the name of a value cannot be empty; omit it to share the slots")
    return per


def optional_rate(value: object) -> Optional[Rate]:
    """Converts text such as "100/1m", or None.

    Raises:
        TypeError: The argument is neither text nor None.
        ValueError: The text is not a rate.
    """
    text = arguments.optional_text(value, "rate")
    if text is None:
        return None
    try:
        return _parsed_rate(text)
    except ValueError as error:
        raise ValueError(f"Invalid rate '{text}': {error}") from None


def _parsed_rate(text: str) -> Rate:
    count, slash, window = (part.strip() for part in text.partition("/"))
    if not slash:
        raise ValueError("expected a count and a duration, such as '100/1m'")
    if _COUNT(count) is None or not 1 <= int(count) <= _MAX_COUNT:
        raise ValueError(f"the count must be a whole number from 1 to {_MAX_COUNT}, got '{count}'")
    window_ms = parse_duration_ms(window)
    if not _MIN_WINDOW_MS <= window_ms <= _MAX_WINDOW_MS:
        raise ValueError(f"the duration must be from 1s to 7d, got '{window}'")
    return Rate(int(count), window_ms)


def optional_workflow_limit(max_active: object, per: object, overflow: object) -> Optional[WorkflowLimit]:
    """Returns the limit of the runs of a workflow, or None.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A value is malformed, or ``per`` or ``overflow`` is given without ``max_active``.
    """
    maximum, name = optional_maximum(max_active), optional_per(per)
    given = arguments.optional_text(overflow, "overflow")
    handling = None if given is None else _OVERFLOWS.get(given)
    if given is not None and handling is None:
        expected = ", ".join(f'"{each}"' for each in _OVERFLOWS)
        raise ValueError(f'unknown overflow "{given}": expected one of {expected}')
    if maximum is not None:
        return WorkflowLimit(maximum, name, "queue" if handling is None else handling)
    for argument, value in (("per", name), ("overflow", given)):
        if value is not None:
            raise ValueError(f"`{argument}` requires `max_active`, the limit that it applies to")
    return None


def optional_priority(value: object) -> Optional[int]:
    """Returns a priority from -100 to 100, or None. A ``bool`` is rejected."""
    if value is None:
        return None
    if isinstance(value, bool):
        arguments.refuse(value, "priority", "int")
    priority = arguments.whole(value, "priority")
    if not _LOWEST_PRIORITY <= priority <= _HIGHEST_PRIORITY:
        raise ValueError(f"priority must be from {_LOWEST_PRIORITY} to {_HIGHEST_PRIORITY}, got {priority}")
    return priority
