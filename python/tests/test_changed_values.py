"""Warnings about values that a context stores as other values."""

from __future__ import annotations

import dataclasses
import logging

import pytest

from cloaca import Context
from cloaca._border import stacks
from cloaca._logs import call_warnings

NOT_FINITE = "contains NaN or an infinity, which a context stores as None."
SET = "contains a set, which a context stores as a list."


@dataclasses.dataclass
class Reading:
    value: float


@pytest.fixture
def warnings(monkeypatch, caplog):
    """Log records of an attempt."""
    monkeypatch.setattr(stacks, "output_token", lambda: 7)
    call_warnings._warned.clear()
    caplog.set_level(logging.WARNING)
    return caplog


@pytest.mark.parametrize(
    ("value", "change"),
    [
        (float("nan"), NOT_FINITE),
        ([1.5, float("-inf")], NOT_FINITE),
        ({"a": [{"b": (Reading(float("inf")),)}]}, NOT_FINITE),
        ({1}, SET),
        ([frozenset("a")], SET),
    ],
)
@pytest.mark.parametrize("method", ["set", "insert", "update", "update_from_dict", "Context"])
def test_the_first_changed_value_of_an_attempt_is_a_warning_with_its_key(warnings, value, change, method):
    context = Context({"rate": 1} if method == "update" else {})
    if method == "Context":
        Context({"fine": 1, "rate": value})
    elif method == "update_from_dict":
        context.update_from_dict({"fine": "x", "rate": value})
    else:
        getattr(context, method)("rate", value)
    context.set("other", {2})

    assert warnings.messages == [f'The value of key "rate" {change} Later changes of values are not reported.']


def test_unchanged_values_and_values_outside_of_attempts_cause_no_warning(warnings, monkeypatch):
    Context({"n": [1, 2.5, None, "x", (1, 2), range(3), {"a": True}]}).set("m", Reading(1.0))
    monkeypatch.setattr(stacks, "output_token", lambda: 0)
    Context({"n": float("nan")})
    monkeypatch.setattr(stacks, "output_token", lambda: 8)
    Context({"m": 1})

    assert warnings.messages == []
