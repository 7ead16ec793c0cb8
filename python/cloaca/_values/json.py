"""Parses JSON of users as strictly as the format is defined.

``json.loads`` also accepts ``NaN``, numbers outside the range of a float, lone surrogates and any depth, which a
context does not accept. Its fast path is used unless the text shows that one of them may be present.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, NoReturn

from .convert import INT_MAX, INT_MIN, MAX_DEPTH

# Replaces every digit with 0. Then a search for fixed bytes finds any long number, much faster than a pattern.
_FOLDED_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_BIG_NUMBERS = (b"0" * 19, b"e000", b"E000", b"e+000", b"E+000")
_SURROGATES = (b"\\ud", b"\\uD")


def parse_object(text: str) -> Dict[str, Any]:
    """Returns the JSON object in ``text`` as stored values. Raises ``ValueError`` for any other text."""
    data = text.encode()  # UnicodeEncodeError for a lone surrogate
    try:
        value = _parse(text, data)
    except (ValueError, RecursionError) as error:
        raise _malformed(str(error) or type(error).__name__) from None
    if type(value) is not dict:
        raise _malformed(f"expected an object, got {_json_name(value)}")
    return value


def _parse(text: str, data: bytes) -> Any:
    folded = data.translate(_FOLDED_DIGITS)
    if any(sign in folded for sign in _BIG_NUMBERS):
        value = json.loads(text, parse_constant=_no_constant, parse_int=_integer, parse_float=_float)
    else:
        value = json.loads(text, parse_constant=_no_constant)
    if any(sign in folded for sign in _SURROGATES):
        json.dumps(value, ensure_ascii=False).encode()  # UnicodeEncodeError (a ValueError) for a lone surrogate
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH and type(value) in (dict, list):
        _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    """Checks the depth, one level of containers after the other."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH + 1:
            raise ValueError(f"nested more than {MAX_DEPTH} levels deep")
        below: List[Any] = []
        for container in level:
            items = container.values() if type(container) is dict else container
            below += [item for item in items if type(item) in (dict, list)]
        level = below


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> Any:
    if len(digits) <= 20:
        value = int(digits)
        if INT_MIN <= value <= INT_MAX:
            return value
    return _float(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if value - value != 0.0:
        raise ValueError("number out of range")
    return value


def _malformed(reason: str) -> ValueError:
    return ValueError(f"Failed to deserialize from JSON: {reason}")


def _json_name(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array"}
    return names[type(value)]
