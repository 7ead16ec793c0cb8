"""What a context stores of each kind of value."""

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
    """Equal, with equal types everywhere."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return repr(left) == repr(right)


@each(VALUES["kept"])
def test_a_value_is_read_back_as_the_reference_says(case):
    context = cloaca.Context()

    context.set("key", eval(case["python"], NAMES))

    assert same(context.get("key"), eval(case["stored"], NAMES))


@each(VALUES["kept"])
def test_a_value_survives_its_way_through_json(case):
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
def test_json_text_is_read_as_the_reference_says(case):
    context = cloaca.Context.from_json(case["text"])

    assert same(context.to_dict(), eval(case["stored"], NAMES))


@each(VALUES["badJson"])
def test_a_text_that_is_no_json_object_is_refused(case):
    with pytest.raises(ValueError, match="Failed to deserialize from JSON"):
        cloaca.Context.from_json(case["text"])


CONTENT_DOORS = {
    "the constructor": lambda value: cloaca.Context({"key": value}),
    "set": lambda value: cloaca.Context().set("key", value),
    "insert": lambda value: cloaca.Context().insert("key", value),
    "update": lambda value: cloaca.Context({"key": 1}).update("key", value),
    "brackets": lambda value: cloaca.Context().__setitem__("key", value),
    "update_from_dict": lambda value: cloaca.Context().update_from_dict({"key": value}),
    "from_json": lambda value: cloaca.Context.from_json(f'{{"key": {value}}}'),
}


@pytest.mark.parametrize("door", CONTENT_DOORS)
def test_a_context_is_nested_at_most_512_levels_deep_whatever_brings_a_value_in(door):
    bring = CONTENT_DOORS[door]

    bring(nested(511))  # the context itself is the first level
    for levels in (512, 100_000) if door != "from_json" else (512,):
        with pytest.raises(ValueError, match="nested"):
            bring(nested(levels))


def test_json_nested_deeper_than_the_engine_reads_is_refused():
    with pytest.raises(ValueError, match="Failed to deserialize from JSON: nested"):
        cloaca.Context.from_json('{"a":' + "[" * 512 + "]" * 512 + "}")


def test_json_nested_as_deep_as_the_engine_reads_is_accepted():
    context = cloaca.Context.from_json('{"a":' + "[" * 511 + "]" * 511 + "}")

    assert len(context) == 1


def test_a_json_int_of_many_digits_is_read_as_a_float():
    context = cloaca.Context.from_json('{"a": 1' + "0" * 200 + "}")

    assert same(context["a"], 1e200)
