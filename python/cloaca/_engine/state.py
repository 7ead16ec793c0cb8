"""State that a script passes to its next generation: the globals named in ``__cloaca_state__``, if they are JSON.

``entry`` and the session of a CPython process call it for a script that is loaded again. It runs no code of the user. A
value that cannot be passed is reported with its reason, and does not affect the others.
"""

from __future__ import annotations

import json
import math
from typing import Any, Dict, List, NoReturn, Optional, Tuple

from .._border import fault
from .._border.generation import Generation
from .._values.convert import MAX_DEPTH
from .loading import globals_of

#: Maximum number of characters of all values of a script together.
_MAX_CHARACTERS = 67_108_864
#: Maximum number of digits and bits of an int that python can parse.
_MAX_DIGITS, _MAX_BITS = 4_300, 14_284
#: Minimum number of characters of a value, including the separator.
_MIN_CHARACTERS = 2


class _Refused(Exception):
    """Reason why a value cannot be passed."""


def take(generation: Optional[Generation]) -> str:
    """Returns the state of a module as JSON.

    It has the values by name, the reasons why other values are missing, and a problem with all of them, or null.
    """
    module_globals = {} if generation is None else globals_of(generation.module)
    texts: List[str] = []
    others: List[Tuple[str, str]] = []
    room = _MAX_CHARACTERS
    names, problem = _names_in(module_globals)
    for place, name in enumerate(names):
        if type(name) is not str:
            others.append((f"__cloaca_state__[{place}]", f"must be a name, but has type {_type_name(name)}"))
        elif name in module_globals:
            try:
                text = f"{json.dumps(name)}:{_text_of(module_globals[name], room)}"
            except (Exception, SystemExit) as error:
                others.append((name, _why(error)))
            else:
                texts.append(text)
                room -= len(text)
    return _answer(problem, others, "{" + ",".join(texts) + "}")


def give(generation: Optional[Generation], state_json: str) -> str:
    """Sets the values that the module also names. Returns as JSON why no value was set, or null."""
    if generation is None:
        return _answer(None)
    module_globals, values = globals_of(generation.module), json.loads(state_json)["values"]
    names, problem = _names_in(module_globals)
    for name in names:
        if type(name) is str and name in values:
            module_globals[name] = values[name]
    return _answer(problem)


def not_exchanged(error: BaseException) -> str:
    """Returns the answer if `take` or `give` was stopped."""
    return _answer(fault.type_and_text(error)[1])


def _answer(problem: Optional[str], others: Optional[List[Tuple[str, str]]] = None, values_json: str = "{}") -> str:
    return f'{{"problem":{json.dumps(problem)},"others":{json.dumps(others or [])},"values":{values_json}}}'


def _names_in(module_globals: Dict[str, Any]) -> Tuple[List[Any], Optional[str]]:
    """Returns the names in ``__cloaca_state__``, and a problem with it."""
    names = module_globals.get("__cloaca_state__", ())
    if type(names) is not list and type(names) is not tuple:
        return [], f"__cloaca_state__ must be a list of names, but has type {_type_name(names)}"
    return list(names), None


def _why(error: BaseException) -> str:
    if isinstance(error, _Refused):
        return str(error)
    return f"could not be written as JSON: {fault.type_and_text(error)[1]}"


def _text_of(value: Any, room: int) -> str:
    """Returns a value as JSON that can be converted back to the same value."""
    _check(value, room)
    text = json.dumps(value, allow_nan=False)
    if len(text) > room:
        _refuse_size()
    return text


def _check(value: Any, room: int) -> None:
    """Rejects values that JSON does not restore with the same types, and values that are too large."""
    levels = [iter([value])]
    while levels:
        for each in levels[-1]:
            kind = type(each)
            room -= _MIN_CHARACTERS + (len(each) if kind is str else 0)
            if room < 0:
                _refuse_size()
            if kind is int:
                if each.bit_length() > _MAX_BITS:
                    raise _Refused(f"contains an int of more than {_MAX_DIGITS} digits")
            elif kind is dict or kind is list:
                if len(levels) > MAX_DEPTH:
                    raise _Refused(f"is nested more than {MAX_DEPTH} levels deep, or contains itself")
                levels.append(iter(list(each) if kind is list else _items_of(each)))
                break
            elif kind is float:
                if not math.isfinite(each):
                    raise _Refused(f"contains {each}, which is not JSON")
            elif each is not None and kind is not str and kind is not bool:
                raise _Refused(f"contains a value of type {_type_name(each)}, which is not JSON")
        else:
            levels.pop()


def _items_of(value: Dict[Any, Any]) -> List[Any]:
    """Returns the keys and the values of a dict."""
    keys = list(value)
    for key in keys:
        if type(key) is not str:
            raise _Refused(f"contains a dict with a key of type {_type_name(key)}, but JSON keys are str")
    return keys + list(value.values())


def _refuse_size() -> NoReturn:
    raise _Refused(f"is too large: all values together may have at most {_MAX_CHARACTERS} characters of JSON")


def _type_name(value: Any) -> str:
    name: str = type.__dict__["__name__"].__get__(type(value))  # a metaclass can define its own ``__name__``
    return name
