"""Writes a warning into the log of the running poll or attempt, but at most one into each log."""

from __future__ import annotations

import logging
from typing import Set

from .._border import stacks

#: Number of polls and attempts that are remembered as warned.
_MAX_WARNED = 1_000

_warned: Set[int] = set()


def is_due() -> bool:
    """Returns whether a poll or attempt is running that has no warning yet."""
    call = stacks.output_token()
    return call != 0 and call not in _warned


def warn(message: str, *values: object) -> None:
    """Writes the first warning of the running poll or attempt. ``values`` replace the placeholders, as in logging."""
    if len(_warned) >= _MAX_WARNED:
        _warned.clear()
    _warned.add(stacks.output_token())
    logging.getLogger("cloaca").warning(message, *values)
