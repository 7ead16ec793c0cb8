"""Turns Python values into what a context stores, and stored values into fresh copies.

Stored values consist of exact ``None``, ``bool``, ``int``, ``float``, ``str``, ``list`` and ``dict`` (``str`` keys)
only, so that `copy_of` may use ``marshal``, which is several times faster than any walk in Python.
"""

from __future__ import annotations

import dataclasses
import json
import marshal
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Dict, Iterable, List, NoReturn, Union

INT_MIN = -(2**63)
INT_MAX = 2**64 - 1

#: Levels of nesting below a context: the engine reads 512, the context itself being the first.
MAX_DEPTH = 511

#: A stored value. (`Any` stands for the recursion, which `typing` cannot say on every supported Python.)
Stored = Union[None, bool, int, float, str, List[Any], Dict[str, Any]]

_SCALARS = frozenset({type(None), bool, int, float, str})

#: JSON text of a stored value: compact, every character as itself.
json_text: Callable[[Any], str] = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")
).encode


def stored(value: object, depth: int = 0) -> Stored:
    """The stored form of any convertible value; raises ``TypeError`` for the others."""
    kind = type(value)
    if kind is str:
        return _text(value)  # type: ignore[arg-type]
    if value is None or kind is bool:
        return value  # type: ignore[return-value]
    if kind is int:
        return _integer(value)  # type: ignore[arg-type]
    if kind is float:
        return value if value - value == 0.0 else None  # type: ignore[operator,return-value]
    if depth >= MAX_DEPTH:
        raise ValueError(f"value is nested more than {MAX_DEPTH} levels deep (or contains itself)")
    if kind is dict:
        return stored_object(value, depth)  # type: ignore[arg-type]
    if kind is list or kind is tuple:
        return _items(value, depth)  # type: ignore[arg-type]
    return _less_common(value, depth)


def stored_object(value: "Mapping[Any, object]", depth: int = 0) -> Dict[str, Any]:
    """The stored form of a mapping with ``str`` keys."""
    depth += 1
    return {key_of(key): stored(item, depth) for key, item in value.items()}


def key_of(key: object) -> str:
    """A key in its stored form; raises ``TypeError`` when it is no text."""
    if type(key) is str:
        return key if key.isascii() else _text(key)
    if isinstance(key, str):
        return _text(str.__str__(key))
    raise TypeError(f"keys must be str, not {type(key).__name__}")


def copy_of(value: Stored) -> Any:
    """A copy of a stored value that shares nothing with it."""
    if type(value) in _SCALARS:
        return value
    return marshal.loads(marshal.dumps(value))


def _items(values: Iterable[object], depth: int) -> List[Any]:
    depth += 1
    return [stored(value, depth) for value in values]


def _text(value: str) -> str:
    if not value.isascii():
        value.encode()  # a lone surrogate is no text: UnicodeEncodeError
    return value


def _integer(value: int) -> int:
    if INT_MIN <= value <= INT_MAX:
        return value
    raise OverflowError(f"int is outside of the 64 bits that a context can hold (-2**63 to 2**64 - 1): {_short(value)}")


def _short(value: int) -> str:
    return str(value) if value.bit_length() <= 256 else f"one of {value.bit_length()} bits"


def _less_common(value: object, depth: int) -> Stored:
    """Subclasses of the builtin types, and the types that are stored as another one."""
    if isinstance(value, str):
        return _text(str.__str__(value))
    if isinstance(value, int):  # also the members of an IntEnum
        return _integer(int(value))
    if isinstance(value, float):
        return stored(float(value), depth)
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return _items(value, depth)
    if isinstance(value, Mapping):
        return stored_object(value, depth)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return stored_object({f.name: getattr(value, f.name) for f in dataclasses.fields(value)}, depth)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return _items(value, depth)
    refuse(value)


def refuse(value: object) -> NoReturn:
    """Raises the TypeError for a value that a context cannot hold."""
    raise TypeError(f"unsupported type {type(value).__name__}")
