"""Conversion of Python values by a context."""

from __future__ import annotations

import builtins
import collections
import dataclasses
import datetime
import decimal
import enum
import types
from typing import Any

import pytest
from cases import each, table

import cloaca

VALUES = table("python-values.json")


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    HIGH = 3


class Suit(str, enum.Enum):
    HEARTS = "hearts"


class Plain:
    pass


@dataclasses.dataclass
class Point:
    x: Any
    y: Any


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels - 1):
        value = [value]
    return value


def loop() -> Any:
    value: Any = []
    value.append(value)
    return value


NAMES = {
    "cloaca": cloaca,
    "collections": collections,
    "datetime": datetime,
    "decimal": decimal,
    "types": types,
    **{item.__name__: item for item in (Colour, Level, Suit, Plain, Point, nested, loop)},
}


def same(left: Any, right: Any) -> bool:
    """Returns whether two values are equal and have equal types at all levels."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return repr(left) == repr(right)


@each(VALUES["kept"])
def test_a_stored_value_is_read_back_as_documented(case):
    context = cloaca.Context()

    context.set("key", eval(case["python"], NAMES))

    assert same(context.get("key"), eval(case["stored"], NAMES))


@each(VALUES["kept"])
def test_a_stored_value_is_unchanged_after_conversion_to_json_and_back(case):
    context = cloaca.Context({"key": eval(case["python"], NAMES)})

    arrived = cloaca.Context.from_json(context.to_json())

    assert same(arrived["key"], eval(case["stored"], NAMES))


@each(VALUES["refused"])
def test_a_value_without_a_json_form_is_refused(case):
    context = cloaca.Context({"kept": 1})

    with pytest.raises(getattr(builtins, case["raises"])) as caught:
        context.set("key", eval(case["python"], NAMES))

    assert case["text"] in str(caught.value)
    assert context.to_dict() == {"kept": 1}


@each(VALUES["json"])
def test_json_is_read_as_documented(case):
    context = cloaca.Context.from_json(case["text"])

    assert same(context.to_dict(), eval(case["stored"], NAMES))


@each(VALUES["badJson"])
def test_a_text_that_is_not_a_json_object_is_refused(case):
    with pytest.raises(ValueError, match="Failed to deserialize from JSON"):
        cloaca.Context.from_json(case["text"])


WRITERS = {
    "the constructor": lambda value: cloaca.Context({"key": value}),
    "set": lambda value: cloaca.Context().set("key", value),
    "insert": lambda value: cloaca.Context().insert("key", value),
    "update": lambda value: cloaca.Context({"key": 1}).update("key", value),
    "brackets": lambda value: cloaca.Context().__setitem__("key", value),
    "update_from_dict": lambda value: cloaca.Context().update_from_dict({"key": value}),
    "from_json": lambda value: cloaca.Context.from_json(f'{{"key": {value}}}'),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_every_method_refuses_a_value_that_nests_a_context_deeper_than_512_levels(writer):
    write = WRITERS[writer]

    write(nested(511))  # the context itself is the first level
    for levels in (512, 100_000) if writer != "from_json" else (512,):
        with pytest.raises(ValueError, match="nested"):
            write(nested(levels))


def test_from_json_refuses_json_nested_deeper_than_512_levels():
    with pytest.raises(ValueError, match="Failed to deserialize from JSON: nested"):
        cloaca.Context.from_json('{"a":' + "[" * 512 + "]" * 512 + "}")


def test_from_json_accepts_json_nested_512_levels_deep():
    context = cloaca.Context.from_json('{"a":' + "[" * 511 + "]" * 511 + "}")

    assert len(context) == 1


def test_a_json_integer_of_201_digits_is_read_as_a_float():
    context = cloaca.Context.from_json('{"a": 1' + "0" * 200 + "}")

    assert same(context["a"], 1e200)
