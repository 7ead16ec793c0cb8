"""Turns Python values into what a context stores, and stored values into fresh copies.

Stored values consist of exact ``None``, ``bool``, ``int``, ``float``, ``str``, ``list`` and ``dict`` (``str`` keys)
only, so that `copy_of` may use ``marshal``, which is several times faster than any walk in Python.
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

#: Levels of nesting below a context: the engine reads 512, the context itself being the first.
MAX_DEPTH = 511

#: From this length on it pays to look whether the items of a list are all alike.
_MANY = 16

_SCALARS = frozenset({type(None), bool, int, float, str})


def _encoder() -> Callable[[Any], str]:
    """What turns a stored value into compact JSON text, every character as itself."""
    encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")).encode
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return encode
    # The encoder makes one of these for each text, which costs more than the text of a small value.
    chunks = make(None, refuse, json.encoder.encode_basestring, None, ":", ",", False, False, False)
    return lambda value: "".join(chunks(value, 0))


def stored(value: Any, depth: int = 0) -> Any:
    """The stored form of any convertible value; raises ``TypeError`` for the others.

    ``depth`` counts the containers around it. The loops of the next two functions repeat what is most common of this
    one, since a call costs more than all the rest where Python is WebAssembly, and a level of nesting a stack frame.
    """
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _text(value)
    if kind is int:
        return value if INT_MIN <= value <= INT_MAX else _too_big(value)
    if value is None or kind is bool:
        return value
    if kind is float:
        return value if value - value == 0.0 else None
    if kind is dict:
        return stored_object(value, depth)
    if kind is list or kind is tuple:
        return _stored_items(value, depth)
    return _less_common(value, depth)


def stored_object(value: Mapping[Any, Any], depth: int = 0) -> Dict[str, Any]:
    """The stored form of a mapping with ``str`` keys."""
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
    """Whether all are scalars of one kind that are stored as they are. Says so without a loop in Python."""
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
    """A key in its stored form; raises ``TypeError`` when it is no text."""
    if type(key) is str:
        return key if key.isascii() else _text(key)
    if isinstance(key, str):
        return _text(str.__str__(key))
    raise TypeError(f"keys must be str, not {type(key).__name__}")


def copy_of(value: Any) -> Any:
    """A copy of a stored value that shares nothing with it."""
    if type(value) in _SCALARS:
        return value
    return marshal.loads(marshal.dumps(value))


def _text(value: str) -> str:
    if not value.isascii():
        value.encode()  # a lone surrogate is no text: UnicodeEncodeError
    return value


def _too_big(value: int) -> NoReturn:
    shown = str(value) if value.bit_length() <= 256 else f"one of {value.bit_length()} bits"
    raise OverflowError(f"int is outside of the 64 bits that a context can hold (-2**63 to 2**64 - 1): {shown}")


def _less_common(value: object, depth: int) -> Any:
    """Subclasses of the builtin types, and the types that are stored as another one."""
    if isinstance(value, str):
        return _text(str.__str__(value))
    if isinstance(value, int):  # also the members of an IntEnum
        return stored(int(value), depth)
    if isinstance(value, float):
        return stored(float(value), depth)
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return _stored_items(value, depth)
    if isinstance(value, Mapping):
        return stored_object(value, depth)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return stored_object({f.name: getattr(value, f.name) for f in dataclasses.fields(value)}, depth)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return _stored_items(value, depth)
    refuse(value)


def refuse(value: object) -> NoReturn:
    """Raises the TypeError for a value that a context cannot hold."""
    error = TypeError(f"unsupported type {type(value).__name__}")
    vars(error)[_PLACE] = ""
    raise error


#: Where a `refuse` that goes outwards keeps its place.
_PLACE = "_cloaca_place"


def add_place(error: TypeError, key: object) -> None:
    """Lets the error of `refuse` name the key or index of the value, before those that it names already."""
    place = vars(error).get(_PLACE)
    if place is not None:
        kind = str(error)[: -len(f" at {place}")] if place else str(error)
        vars(error)[_PLACE] = place = f"[{key!r}]{place}"
        error.args = (f"{kind} at {place}",)


#: JSON text of a stored value.
json_text = _encoder()
