"""State that a script passes to its next generation: JSON values, and reasons why other values are left out."""

from __future__ import annotations

import enum
import json
import sys
import types
from typing import Any, Dict

import pytest

from cloaca._border.generation import Generation
from cloaca._engine import state


def generation_with(**module_globals: Any) -> Generation:
    generation = Generation(1)
    generation.module = types.ModuleType("script")
    vars(generation.module).update(module_globals)
    return generation


def taken(**module_globals: Any) -> Dict[str, Any]:
    answer: Dict[str, Any] = json.loads(state.take(generation_with(**module_globals)))
    return answer


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


class Text(str):
    pass


class Color(str, enum.Enum):
    RED = "red"


def cycle() -> Any:
    value: Dict[str, Any] = {"all": []}
    value["all"] += [value, value]
    return value


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -(2**70), 1.5, "", "\ud800", "🙂\0", [], {"": [{"a": [None]}]}, nested(511), 10**4299],
    ids=lambda value: repr(value)[:20],
)
def test_a_json_value_is_restored_unchanged(value: Any) -> None:
    text = state.take(generation_with(__cloaca_state__=["seen"], seen=value))
    after = generation_with(__cloaca_state__=("seen",), seen="new")

    assert json.loads(state.give(after, text))["problem"] is None

    assert repr(after.module.seen) == repr(value)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (object(), "contains a value of type object, which is not JSON"),
        ([{"a": (1, 2)}], "contains a value of type tuple, which is not JSON"),
        (Text("a"), "contains a value of type Text, which is not JSON"),
        (Color.RED, "contains a value of type Color, which is not JSON"),
        ([float("nan")], "contains nan, which is not JSON"),
        (-float("inf"), "contains -inf, which is not JSON"),
        ({"a": {1: 2}}, "contains a dict with a key of type int, but JSON keys are str"),
        ({Text("a"): 2}, "contains a dict with a key of type Text, but JSON keys are str"),
        (10**5000, "contains an int of more than 4300 digits"),
        (nested(512), "is nested more than 511 levels deep, or contains itself"),
        (nested(5000), "is nested more than 511 levels deep, or contains itself"),
        (cycle(), "is nested more than 511 levels deep, or contains itself"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_value_that_is_not_json_is_reported_with_the_reason_and_the_others_are_kept(value: Any, why: str) -> None:
    answer = taken(__cloaca_state__=["before", "odd", "after"], before=1, odd=value, after=2)

    assert answer == {"problem": None, "others": [["odd", why]], "values": {"before": 1, "after": 2}}


def test_values_over_the_size_limit_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_MAX_CHARACTERS", 1000)
    shared: Any = []
    for _ in range(60):  # 2 ** 60 values when written
        shared = [shared, shared]

    answer = taken(__cloaca_state__=["first", "second", "third"], first="a" * 600, second=["b"] * 400, third=shared)

    assert list(answer["values"]) == ["first"]
    assert [name for name, why in answer["others"] if why.startswith("is too large: ")] == ["second", "third"]


@pytest.mark.skipif(
    not hasattr(sys, "set_int_max_str_digits"), reason="this Python has no limit for the digits of an int"
)
def test_a_value_that_cannot_be_written_as_json_is_reported_with_the_reason() -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        answer = taken(__cloaca_state__=["long", "short"], long=10**700, short=1)
    finally:
        sys.set_int_max_str_digits(before)

    [[name, why]] = answer["others"]
    assert (name, answer["values"]) == ("long", {"short": 1})
    assert why.startswith("could not be written as JSON: ValueError: Exceeds the limit")


def test_only_existing_globals_are_kept_without_calling_code_of_the_module() -> None:
    def __getattr__(name: str) -> Any:
        raise AssertionError(name)

    class Module(types.ModuleType):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(name)

        def __setattr__(self, name: str, value: Any) -> None:
            raise AssertionError(name)

    answer = taken(__cloaca_state__=["missing", "seen"], seen=1, __getattr__=__getattr__)
    assert answer == {"problem": None, "others": [], "values": {"seen": 1}}
    odd = Generation(2)
    odd.module = module = types.ModuleType("odd")
    vars(module).update(__cloaca_state__=["seen", "kept"], seen=2, kept=3)
    module.__class__ = Module
    assert json.loads(state.take(odd))["values"] == {"seen": 2, "kept": 3}
    state.give(odd, json.dumps(answer))
    assert json.loads(state.take(odd))["values"] == {"seen": 1, "kept": 3}


@pytest.mark.parametrize("names", ["seen", {"seen": 1}, None, {"seen"}], ids=repr)
def test_state_names_that_are_not_a_list_are_reported(names: Any) -> None:
    problem = f"__cloaca_state__ must be a list of names, but has type {type(names).__name__}"

    assert taken(__cloaca_state__=names, seen=1) == {"problem": problem, "others": [], "values": {}}
    after = generation_with(__cloaca_state__=names, seen=1)
    assert json.loads(state.give(after, '{"values": {"seen": 2}}'))["problem"] == problem
    assert after.module.seen == 1


def test_a_state_name_that_is_not_a_str_is_reported() -> None:
    answer = taken(__cloaca_state__=["seen", 5, Text("seen")], seen=1)

    assert answer["values"] == {"seen": 1}
    assert answer["others"] == [
        ["__cloaca_state__[1]", "must be a name, but has type int"],
        ["__cloaca_state__[2]", "must be a name, but has type Text"],
    ]


def test_a_missing_script_or_a_script_without_state_names_keeps_nothing() -> None:
    nothing: Dict[str, Any] = {"problem": None, "others": [], "values": {}}

    assert json.loads(state.take(None)) == nothing
    assert taken(seen=1) == nothing
    assert json.loads(state.take(Generation(1))) == nothing
    assert json.loads(state.give(None, '{"values": {"seen": 2}}')) == nothing
