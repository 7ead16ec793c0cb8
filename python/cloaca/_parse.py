"""Reads JSON that users give, as strictly as the format is defined.

``json.loads`` also takes ``NaN``, numbers beyond the range of a float, lone surrogates and any depth; a context takes none of
these. Its plain, fast path is used unless a look at the text says that one of them may be there.
"""

from __future__ import annotations

import json
import re
from typing import Any, Dict, NoReturn

from ._convert import INT_MAX, INT_MIN, MAX_DEPTH

_MAY_HAVE_BIG_NUMBERS = re.compile(r"[0-9]{19}|[0-9][eE]\+?[0-9]{3}").search
_MAY_HAVE_SURROGATES = re.compile(r"\\u[dD][89a-fA-F]").search


def parse_object(text: str) -> Dict[str, Any]:
    """The JSON object in ``text`` as stored values; raises ``ValueError`` for anything else."""
    try:
        value = _parse(text)
    except (ValueError, RecursionError) as error:
        raise _malformed(str(error) or type(error).__name__) from None
    if type(value) is not dict:
        raise _malformed(f"expected an object, got {_json_name(value)}")
    return value


def _parse(text: str) -> Any:
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(text)
    if _MAY_HAVE_BIG_NUMBERS(text) is None:
        value = json.loads(text, parse_constant=_no_constant)
    else:
        value = json.loads(text, parse_constant=_no_constant, parse_int=_integer, parse_float=_float)
    if _MAY_HAVE_SURROGATES(text) is not None:
        json.dumps(value, ensure_ascii=False).encode()  # UnicodeEncodeError, a ValueError, for a lone one
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for bracket in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text, re.DOTALL):
        if bracket in "[{":
            depth += 1
            if depth > MAX_DEPTH + 1:
                raise ValueError(f"nested more than {MAX_DEPTH} levels deep")
        elif bracket in "]}":
            depth -= 1


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
