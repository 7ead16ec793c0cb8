"""Checks of arguments. The package does not convert arguments silently.

Each function returns the argument as an exact builtin value, or raises ``TypeError`` (wrong type), ``OverflowError`` (a
number that does not fit into an unsigned or 64-bit parameter), ``UnicodeEncodeError`` (a lone surrogate, which names
and databases cannot contain) or ``ValueError`` (another value that is not allowed). The error names the parameter.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Dict, List, NoReturn, Optional, Tuple, TypeVar, cast

C = TypeVar("C", bound=Callable[..., Any])

UNSIGNED_MAX = 2**64 - 1


def text(value: object, name: str) -> str:
    """Returns a ``str`` without lone surrogates."""
    found = any_text(value, name)
    if not found.isascii():
        try:
            found.encode()
        except UnicodeEncodeError as error:
            error.reason = f"argument '{name}': {error.reason}"
            raise
    return found


def name(value: object, parameter: str) -> str:
    """Returns a ``str`` that is stored as a name: without lone surrogates, and without U+0000."""
    found = text(value, parameter)
    if "\0" in found:
        raise ValueError(f"argument '{parameter}': a name cannot contain U+0000, got {found!r}")
    return found


MAX_KEY_BYTES = 512


def key(value: object, parameter: str) -> str:
    """Returns a ``str`` that is stored as a key: a name of 1 to 512 bytes of UTF-8."""
    found = name(value, parameter)
    size = len(found.encode())
    if not 1 <= size <= MAX_KEY_BYTES:
        raise ValueError(f"argument '{parameter}': a key has 1 to {MAX_KEY_BYTES} bytes of UTF-8, got {size} bytes")
    return found


def optional_name(value: object, parameter: str) -> Optional[str]:
    """Returns a name or None."""
    return None if value is None else name(value, parameter)


def names(value: object, parameter: str) -> List[str]:
    """Returns a list of names. A single ``str`` is rejected."""
    return [name(item, f"{parameter}[{index}]") for index, item in enumerate(items(value, parameter))]


def any_text(value: object, name: str) -> str:
    """Returns a ``str`` with any characters, for text that is only shown."""
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    refuse(value, name, "str")


def optional_text(value: object, name: str) -> Optional[str]:
    """Returns a ``str`` or None."""
    return None if value is None else text(value, name)


def optional_duration_text(value: object, name: str) -> Optional[str]:
    """Returns a ``str`` or None. A number is rejected with the text for as many seconds."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e9:
        instead = f"{int(value)}s" if value == int(value) else f"{round(value * 1000)}ms"
        raise TypeError(f"argument '{name}': expected str, got {type(value).__name__}: use \"{instead}\"")
    return optional_text(value, name)


def texts(value: object, name: str) -> List[str]:
    """Returns a list of ``str``. A single ``str`` is rejected."""
    return [text(item, f"{name}[{index}]") for index, item in enumerate(items(value, name))]


def items(value: object, name: str) -> List[Any]:
    """Returns the elements of a list or another sequence, except text."""
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview)):
        return list(value)
    refuse(value, name, "list")


def optional_texts_by_key(value: object, name: str) -> Optional[Dict[str, str]]:
    """Returns a copy of a dict with ``str`` keys and values, or None."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        refuse(value, name, "dict")
    return {text(key, f"{name} key"): text(item, f"{name}[{key!r}]") for key, item in value.items()}


def flag(value: object, name: str) -> bool:
    """Returns a ``bool``. 0 and 1 are rejected."""
    if value is True or value is False:
        return value
    refuse(value, name, "bool")


def optional_flag(value: object, name: str) -> Optional[bool]:
    """Returns a ``bool`` or None."""
    return None if value is None else flag(value, name)


def whole(value: object, name: str) -> int:
    """Returns an ``int``. A ``float`` is rejected, even if it is whole."""
    if isinstance(value, int):
        return int(value)
    refuse(value, name, "int")


def unsigned(value: object, name: str) -> int:
    """Returns an ``int`` from 0 to 2**64 - 1."""
    number = whole(value, name)
    if number < 0:
        raise OverflowError(f"argument '{name}': can't convert negative int to unsigned")
    if number > UNSIGNED_MAX:
        raise OverflowError(f"argument '{name}': int too big to convert")
    return number


def optional_unsigned(value: object, name: str) -> Optional[int]:
    """Returns an ``int`` from 0 to 2**64 - 1, or None."""
    return None if value is None else unsigned(value, name)


def optional_count(value: object, name: str) -> Optional[int]:
    """Returns an ``int`` of at least 1, or None. A ``bool`` is rejected."""
    if isinstance(value, bool):
        refuse(value, name, "int")
    count = optional_unsigned(value, name)
    if count == 0:
        raise ValueError(f"{name} must be 1 or more, got 0; omit it for no limit")
    return count


def number(value: object, name: str) -> float:
    """Returns a finite ``int`` or ``float`` as a ``float``."""
    if not isinstance(value, (int, float)):
        refuse(value, name, "float")
    result = float(value)
    if not math.isfinite(result):
        raise ValueError(f"{name} must be a finite number, got {result}")
    return result


def seconds(value: object, name: str) -> float:
    """Returns a finite number of seconds that is not negative."""
    result = number(value, name)
    if result < 0:
        raise ValueError(f"{name} must not be negative, got {result}")
    return result


def function(value: object, name: str) -> Any:
    """Returns a callable."""
    if callable(value):
        return value
    refuse(value, name, "function")


def optional_function(value: object, name: str) -> Any:
    """Returns a callable or None."""
    return None if value is None else function(value, name)


def by_name(function: C) -> C:
    """Decorates a function with keyword-only arguments, and adds advice to the ``TypeError`` for a wrong argument."""

    @functools.wraps(function)
    def call(*values: Any, **keywords: Any) -> Any:
        try:
            return function(*values, **keywords)
        except TypeError as error:
            trace = error.__traceback__
            if trace is None or trace.tb_next is not None:  # raised by its body
                raise
            raise TypeError(f"{error}{_advice(function, str(error), values, keywords)}") from None

    return cast(C, call)


def _advice(function: Callable[..., Any], text: str, values: Tuple[Any, ...], keywords: Dict[str, Any]) -> str:
    if len(values) == 1 and callable(values[0]):
        return f": write @cloaca.{function.__name__}(), with parentheses"
    known = list(inspect.signature(function).parameters)
    unknown = next((key for key in keywords if key not in known), None)
    if unknown is None or "Did you mean" in text:  # since Python 3.13
        return ""
    import difflib

    nearest = difflib.get_close_matches(unknown, known, 1)
    return f". Did you mean '{nearest[0]}'?" if nearest else f". Its keywords are {', '.join(known)}"


def refuse(value: object, name: str, expected: str) -> NoReturn:
    """Raises the TypeError for an argument of the wrong type."""
    raise TypeError(f"argument '{name}': expected {expected}, got {type(value).__name__}")
