"""Finds values that a context stores as other values: NaN and the infinities as None, sets as lists."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Iterable, Optional, Tuple

_NOT_FINITE = "NaN or an infinity, which a context stores as None"
_SET = "a set, which a context stores as a list"


def first_change(values: Mapping[str, object]) -> Optional[Tuple[str, str]]:
    """Returns the first key whose value is stored as another one, and what the value contains."""
    for key, value in values.items():
        change = _change_in(value)
        if change is not None:
            return key, change
    return None


def _change_in(value: object) -> Optional[str]:
    if isinstance(value, float):
        return None if math.isfinite(value) else _NOT_FINITE
    if isinstance(value, (set, frozenset)):
        return _SET
    return next((change for change in map(_change_in, _items_of(value)) if change is not None), None)


def _items_of(value: object) -> Iterable[object]:
    if isinstance(value, (str, int, range)):
        return ()
    if isinstance(value, Mapping):
        return value.values()
    if dataclasses.is_dataclass(value):
        return [getattr(value, field.name) for field in dataclasses.fields(value)]
    return value if isinstance(value, Sequence) else ()
