"""Converts Python values to stored values of a context, and copies stored values.

Stored values consist only of exact ``None``, ``bool``, ``int``, ``float``, ``str``, ``list`` and ``dict`` (with ``str``
keys). So `copy_of` can use ``marshal``, which is several times faster than a loop in Python.
"""

from __future__ import annotations

import dataclasses
import json
import marshal
import math
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Collection, Dict, List, NoReturn

INT_MIN = -(2**63)
INT_MAX = 2**64 - 1

#: Maximum levels of nesting below a context. The engine reads 512 levels, including the context itself.
MAX_DEPTH = 511

#: Length of a list from which it is faster to check first whether all items have the same type.
_MANY = 16

_SCALARS = frozenset({type(None), bool, int, float, str})

#: Not empty after a value was stored as another one: see ``changed_values``.
changed: List[bool] = []


def _encoder() -> Callable[[Any], str]:
    """Returns a function that converts a stored value to compact JSON text without escapes for non-ASCII characters."""
    encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")).encode
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return encode
    # ``encode`` would create this object for each text, which costs more than the text of a small value.
    chunks = make(None, refuse, json.encoder.encode_basestring, None, ":", ",", False, False, False)
    return lambda value: "".join(chunks(value, 0))


def stored(value: Any, depth: int = 0) -> Any:
    """Returns the stored form of a convertible value. Raises ``TypeError`` for other values.

    ``depth`` is the number of containers around the value. The loops of the next two functions repeat the most common
    branches of this function, because in WebAssembly a call costs more than the rest, and each level of nesting needs a
    stack frame.
    """
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _text(value)
    if kind is int:
        return value if INT_MIN <= value <= INT_MAX else _too_big(value)
    if value is None or kind is bool:
        return value
    if kind is float:
        return value if value - value == 0.0 else _changed()
    if kind is dict:
        return stored_object(value, depth)
    if kind is list or kind is tuple:
        return _stored_items(value, depth)
    return _less_common(value, depth)


def stored_object(value: Mapping[Any, Any], depth: int = 0) -> Dict[str, Any]:
    """Returns the stored form of a mapping with ``str`` keys."""
    depth = _deeper(depth)
    copy: Dict[str, Any] = {}
    key: Any = None
    try:
        for key, item in value.items():
            if type(key) is not str or not key.isascii():
                key = key_of(key)
            kind = type(item)
            if (kind is str and item.isascii()) or (kind is int and INT_MIN <= item <= INT_MAX):
                copy[key] = item
            elif kind is dict:
                copy[key] = stored_object(item, depth)
            elif kind is list:
                copy[key] = _stored_items(item, depth)
            else:
                copy[key] = stored(item, depth)
    except TypeError as error:
        add_place(error, key)
        raise
    return copy


def _stored_items(values: Collection[Any], depth: int) -> List[Any]:
    depth = _deeper(depth)
    if len(values) > _MANY and _are_alike(values):
        return list(values)
    copy: List[Any] = []
    append = copy.append
    try:
        for item in values:
            kind = type(item)
            if (kind is str and item.isascii()) or (kind is int and INT_MIN <= item <= INT_MAX):
                append(item)
            elif kind is dict:
                append(stored_object(item, depth))
            elif kind is list:
                append(_stored_items(item, depth))
            else:
                append(stored(item, depth))
    except TypeError as error:
        add_place(error, len(copy))
        raise
    return copy


def _are_alike(values: Collection[Any]) -> bool:
    """Returns whether all values are scalars of one type that are stored unchanged, without a loop in Python."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return "".join(values).isascii()
    if kinds == {int}:
        return bool(INT_MIN <= min(values) and max(values) <= INT_MAX)
    return kinds == {float} and math.isfinite(sum(values))


def _deeper(depth: int) -> int:
    if depth > MAX_DEPTH:
        raise ValueError(f"value is nested more than {MAX_DEPTH} levels deep, or contains itself")
    return depth + 1


def key_of(key: object) -> str:
    """Returns the stored form of a key. Raises ``TypeError`` if it is not text."""
    if type(key) is str:
        return key if key.isascii() else _text(key)
    if isinstance(key, str):
        return _text(str.__str__(key))
    raise TypeError(f"keys must be str, not {type(key).__name__}")


def copy_of(value: Any) -> Any:
    """Returns a copy of a stored value that shares nothing with the original."""
    if type(value) in _SCALARS:
        return value
    return marshal.loads(marshal.dumps(value))


def _text(value: str) -> str:
    if not value.isascii():
        value.encode()  # UnicodeEncodeError for a lone surrogate, which is not valid text
    return value


def _too_big(value: int) -> NoReturn:
    shown = str(value) if value.bit_length() <= 256 else f"it has {value.bit_length()} bits"
    raise OverflowError(f"int is out of range for a context (-2**63 to 2**64 - 1): {shown}")


def _less_common(value: object, depth: int) -> Any:
    """Returns the stored form of a subclass of a builtin type, or of a type that is stored as another one."""
    if isinstance(value, str):
        return _text(str.__str__(value))
    if isinstance(value, int):  # including members of an IntEnum
        return stored(int(value), depth)
    if isinstance(value, float):
        return stored(float(value), depth)
    if isinstance(value, (set, frozenset)):
        _changed()
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return _stored_items(value, depth)
    if isinstance(value, Mapping):
        return stored_object(value, depth)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return stored_object({f.name: getattr(value, f.name) for f in dataclasses.fields(value)}, depth)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return _stored_items(value, depth)
    refuse(value)


def _changed() -> None:
    if not changed:
        changed.append(True)


def refuse(value: object) -> NoReturn:
    """Raises the TypeError for a value that a context cannot store."""
    error = TypeError(f"unsupported type {type(value).__name__}")
    vars(error)[_PLACE] = ""
    raise error


#: Attribute of an error of `refuse` that has the place of the value.
_PLACE = "_cloaca_place"


def add_place(error: TypeError, key: object) -> None:
    """Adds the key or index of the value to the error of `refuse`, before those that it already has."""
    place = vars(error).get(_PLACE)
    if place is not None:
        kind = str(error)[: -len(f" at {place}")] if place else str(error)
        vars(error)[_PLACE] = place = f"[{key!r}]{place}"
        error.args = (f"{kind} at {place}",)


#: Returns the JSON text of a stored value.
json_text = _encoder()
