"""Trigger rules: dicts from the builders, the form sent to the engine, and invalid rules."""

from __future__ import annotations

import pytest
from cases import each, table

import cloaca
from cloaca import _rules

RULES = table("python-rules.json")

NAMES = {name: getattr(cloaca, name) for name in cloaca.__all__}

ALIASES = [
    pytest.param(alias, canonical, id=alias) for canonical, aliases in RULES["operators"].items() for alias in aliases
]


@each(RULES["cases"])
def test_a_rule_builder_returns_a_plain_dict(case):
    rule = eval(case["python"], NAMES)

    assert rule == case["rule"]
    assert type(rule) is dict


@each(RULES["cases"])
def test_a_single_condition_is_wrapped_into_a_rule_for_the_engine(case):
    assert _rules.checked(eval(case["python"], NAMES)) == case["wire"]


@pytest.mark.parametrize(("alias", "canonical"), ALIASES)
def test_an_operator_is_recognized_in_any_case_and_without_underscores(alias, canonical):
    assert cloaca.context_value("key", alias, None)["operator"] == canonical


@pytest.mark.parametrize("operator", RULES["unknownOperators"])
def test_an_unknown_operator_is_refused(operator):
    with pytest.raises(ValueError) as caught:
        cloaca.context_value("key", operator, 1)

    assert f"unknown operator '{operator}'" in str(caught.value)


@each(RULES["invalid"])
def test_an_invalid_rule_is_refused_when_task_is_called(case):
    with pytest.raises(ValueError, match="invalid trigger rule"):
        cloaca.task(trigger_rules=eval(case["python"], NAMES))


def test_a_rule_that_contains_itself_is_refused():
    rule = cloaca.all_of()
    rule["conditions"].append(rule)

    with pytest.raises(ValueError, match="invalid trigger rule"):
        cloaca.task(trigger_rules=rule)


def test_a_context_value_rule_stores_a_copy_of_its_value():
    value = ["a"]

    rule = cloaca.context_value("key", "==", value)
    value.append("b")

    assert rule["value"] == ["a"]
