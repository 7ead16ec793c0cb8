"""Trigger rules: the dicts that the builders make, what the engine is told, and what is no rule."""

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
def test_a_rule_is_a_plain_dict(case):
    rule = eval(case["python"], NAMES)

    assert rule == case["rule"]
    assert type(rule) is dict


@each(RULES["cases"])
def test_the_engine_gets_a_rule_with_a_bare_condition_wrapped(case):
    assert _rules.checked(eval(case["python"], NAMES)) == case["wire"]


@pytest.mark.parametrize(("alias", "canonical"), ALIASES)
def test_an_operator_is_found_whatever_its_case_and_underscores(alias, canonical):
    assert cloaca.context_value("key", alias, None)["operator"] == canonical


@pytest.mark.parametrize("operator", RULES["unknownOperators"])
def test_an_unknown_operator_is_refused(operator):
    with pytest.raises(ValueError) as caught:
        cloaca.context_value("key", operator, 1)

    assert f"unknown operator '{operator}'" in str(caught.value)


@each(RULES["invalid"])
def test_what_is_no_rule_is_refused_when_task_is_called(case):
    with pytest.raises(ValueError, match="invalid trigger rule"):
        cloaca.task(trigger_rules=eval(case["python"], NAMES))


def test_a_rule_that_contains_itself_is_refused():
    rule = cloaca.all_of()
    rule["conditions"].append(rule)

    with pytest.raises(ValueError, match="invalid trigger rule"):
        cloaca.task(trigger_rules=rule)


def test_a_context_value_keeps_no_tie_to_the_value_it_was_given():
    value = ["a"]

    rule = cloaca.context_value("key", "==", value)
    value.append("b")

    assert rule["value"] == ["a"]
