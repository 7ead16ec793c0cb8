"""Converts statements, parameters and rows between Python and native SQLite. This module replaces nothing."""

from __future__ import annotations

import base64
import functools
import json
import re
import sqlite3
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple

_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\] | --[^\n]* | /\*.*?(?:\*/|$)
    | (?P<parameter> \?\d* | [:@$]\w+(?:::\w+)*) | \w+""",
    re.VERBOSE | re.DOTALL,
)
_LEADING = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)+", re.DOTALL)
_CHANGES = ("insert", "update", "delete", "replace")
_STRING_ADVICE = re.compile(r'no such column: ("(?:[^"]|"")*") - should this be a string literal')
_BASE_TYPES = (int, float, str, bytearray)
#: Integers below this number are exact when JavaScript parses them as JSON.
_EXACT = 2**53


@functools.lru_cache(maxsize=512)
def is_change(sql: str) -> bool:
    """Returns whether a statement changes rows. If so, it begins a transaction and sets ``rowcount``."""
    leading = _LEADING.match(sql)
    return sql[leading.end() if leading else 0 :][:7].lower().startswith(_CHANGES)


@functools.lru_cache(maxsize=512)
def parameter_names(sql: str) -> List[Optional[str]]:
    """Returns the parameters of a statement by number: the name of each, or None for one without a name."""
    names: List[Optional[str]] = []
    for match in _TOKEN.finditer(sql):
        token = match["parameter"]
        if token is None:
            continue
        if token == "?":
            names.append(None)
        elif token[0] == "?":
            number = int(token[1:])
            names.extend([None] * (number - len(names)))
            if number > 0:
                names[number - 1] = token
        elif token not in names:
            names.append(token)
    return names


def with_string_literal(sql: str, message: str) -> Optional[str]:
    """Returns the statement with one double-quoted word as a string, if SQLite reported that no such column exists.

    SQLite treats such a word as a string, but the SQLite of better-sqlite3 is built without this feature.
    """
    advice = _STRING_ADVICE.search(message)
    if advice is None:
        return None
    word = advice[1]
    text = word[1:-1].replace('""', '"').replace("'", "''")
    changed = _TOKEN.sub(lambda match: f"'{text}'" if match[0] == word else match[0], sql)
    return None if changed == sql else changed


def bind(names: List[Optional[str]], parameters: Any) -> Iterable[Any]:
    """Returns the values of the parameters by number."""
    if isinstance(parameters, (tuple, list)) or (
        not isinstance(parameters, dict)
        and hasattr(parameters, "__getitem__")
        and hasattr(parameters, "__len__")
        and not hasattr(parameters, "keys")
    ):
        if len(parameters) != len(names):
            raise sqlite3.ProgrammingError(
                "Incorrect number of bindings supplied. The current statement uses "
                f"{len(names)}, and there are {len(parameters)} supplied."
            )
        for index, name in enumerate(names):
            if name is not None and name[0] != "?":
                raise sqlite3.ProgrammingError(
                    f"Binding {index + 1} ('{name}') is a named parameter, but you supplied a sequence which "
                    "requires nameless (qmark) placeholders."
                )
        return (parameters[index] for index in range(len(names)))  # lazily, because adapters can change the sequence
    if hasattr(parameters, "keys") or isinstance(parameters, dict):
        return [_named(parameters, index, name) for index, name in enumerate(names)]
    raise sqlite3.ProgrammingError("parameters are of unsupported type")


def _named(parameters: Any, index: int, name: Optional[str]) -> Any:
    if name is None:
        raise sqlite3.ProgrammingError(
            f"Binding {index + 1} has no name, but you supplied a dictionary (which has only names)."
        )
    try:
        return parameters[name[1:]]
    except LookupError:
        raise sqlite3.ProgrammingError(f"You did not supply a value for binding parameter :{name[1:]}.") from None


def encode(value: Any, name: str) -> Tuple[str, Any]:
    """Returns a value with its kind, as ``src/interpreter/sqlite.ts`` expects them. Adapters are applied."""
    kind = type(value)
    if kind not in _BASE_TYPES or (kind, sqlite3.PrepareProtocol) in sqlite3.adapters:
        if value is None:
            return "n", None
        value = sqlite3.adapt(value, sqlite3.PrepareProtocol, value)
    return encode_base(value, name)


def encode_base(value: Any, name: str) -> Tuple[str, Any]:
    """Returns a value that SQLite can store, with its kind."""
    if value is None:
        return "n", None
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        return "i", int(value) if -_EXACT < value < _EXACT else str(int(value))
    if isinstance(value, float):
        return ("n", None) if value != value else ("f", _float(value))
    if isinstance(value, str):
        if not value.isascii():
            value.encode()
        return "s", str(value)
    try:
        return "b", base64.b64encode(memoryview(value)).decode()
    except TypeError:
        raise sqlite3.ProgrammingError(
            f"Error binding parameter {name}: type '{type(value).__name__}' is not supported"
        ) from None


def expanded(sql: str, parameters_json: str) -> str:
    """Returns the statement with values in place of its parameters, for trace callbacks."""
    parameters = json.loads(parameters_json)
    values = [_literal(kind, value) for kind, value in zip(parameters["kinds"], parameters["values"])]
    unnamed = iter(values[: len(values) - len(parameters["names"])])
    named = dict(zip(parameters["names"], values[len(values) - len(parameters["names"]) :]))

    def put(match: re.Match[str]) -> str:
        token: Optional[str] = match["parameter"]
        if token is None:
            return match[0]
        return named.get(token[1:], token) if token != "?" else next(unnamed, token)

    return _TOKEN.sub(put, sql)


def _literal(kind: str, value: Any) -> str:
    if kind == "n":
        return "NULL"
    if kind == "s":
        return "'{}'".format(value.replace("'", "''"))
    return f"x'{base64.b64decode(value).hex()}'" if kind == "b" else str(value)


def _float(value: float) -> Any:
    return float(value) if abs(value) != float("inf") else "Infinity" if value > 0 else "-Infinity"


def encode_parameters(names: List[Optional[str]], parameters: Any) -> Dict[str, Any]:
    """Returns the values of a statement's parameters in the form that the host expects: those without names first."""
    if not names and not parameters:
        return {"kinds": "", "values": [], "names": []}
    bound = bind(names, parameters)
    encoded = [encode(value, _shown(names, index)) for index, value in enumerate(bound)]
    named = [(name, pair) for name, pair in zip(names, encoded) if name is not None]
    if named:
        encoded = [pair for name, pair in zip(names, encoded) if name is None] + [pair for _, pair in named]
    return {
        "kinds": "".join([kind for kind, _ in encoded]),
        "values": [value for _, value in encoded],
        "names": [name[1:] for name, _ in named],
    }


def _shown(names: List[Optional[str]], index: int) -> str:
    """Returns a parameter as messages show it: its number, or its name in quotes."""
    name = names[index]
    return str(index + 1) if name is None or name[0] == "?" else f"'{name}'"


def decode(value: Any) -> Any:
    """Converts a value of SQLite to Python. Bytes arrive as an object with base64."""
    return base64.b64decode(value["b"]) if type(value) is dict else value


Converter = Callable[[Any], Any]


def converters_of(columns: Sequence[Tuple[str, Optional[str]]], detect_types: int) -> List[Optional[Converter]]:
    """Returns the converter of each column, by the name in brackets or by the declared type."""
    return [_converter_of(name, declared, detect_types) for name, declared in columns]


def _converter_of(name: str, declared: Optional[str], detect_types: int) -> Optional[Converter]:
    found: Optional[Converter] = None
    if detect_types & sqlite3.PARSE_COLNAMES and "[" in name:
        found = sqlite3.converters.get(name[name.index("[") + 1 :].partition("]")[0].upper())
    if found is None and detect_types & sqlite3.PARSE_DECLTYPES and declared:
        found = sqlite3.converters.get(re.split(r"[ (]", declared, maxsplit=1)[0].upper())
    return found


def raw(value: Any) -> bytes:
    """Returns a value as bytes for a converter: SQLite's text form of the value."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, float):
        text = f"{value:.15g}"
        return (text if any(each in text for each in ".en") else f"{text}.0").encode()
    return str(value).encode()


def text_maker(factory: Any) -> Optional[Converter]:
    """Returns a function that converts a text for ``text_factory``, or None if the text is already right."""
    if factory is str:
        return None
    return lambda text: factory(text.encode("utf-8", "surrogateescape"))
