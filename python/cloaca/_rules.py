"""Trigger rules: plain dicts that decide whether a task runs, and the functions that build and check them.

The engine evaluates a rule once, after every dependency of the task has ended.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from ._types.rules import (
    AlwaysRule,
    CanonicalOperator,
    CombinedRule,
    ContextValueRule,
    Operator,
    TaskRule,
    TriggerRule,
)
from ._values import arguments
from ._values.convert import json_text, stored

#: A trigger rule as the engine reads it (see `_declarations.wire`).
WireRule = Dict[str, Any]

ALWAYS: WireRule = {"type": "Always"}

_OPERATORS: Tuple[CanonicalOperator, ...] = (
    "Equals",
    "NotEquals",
    "GreaterThan",
    "LessThan",
    "Contains",
    "NotContains",
    "Exists",
    "NotExists",
)

_ALIASES: Dict[str, CanonicalOperator] = {
    "==": "Equals",
    "eq": "Equals",
    "!=": "NotEquals",
    "ne": "NotEquals",
    ">": "GreaterThan",
    "gt": "GreaterThan",
    "<": "LessThan",
    "lt": "LessThan",
    **{operator.lower(): operator for operator in _OPERATORS},
}


def always() -> AlwaysRule:
    """Returns the rule that is always true: the task runs, however its dependencies ended. This is the default."""
    return {"type": "Always"}


def task_success(task_name: str) -> TaskRule:
    """Returns a rule that is true if the named task completed.

    Args:
        task_name: Id of a task of the same workflow, or a full task name. Normally the task is a declared dependency.
    """
    return {"type": "TaskSuccess", "task_name": arguments.name(task_name, "task_name")}


def task_failed(task_name: str) -> TaskRule:
    """Returns a rule that is true if the named task failed and is not retried.

    Args:
        task_name: Id of a task of the same workflow, or a full task name. Normally the task is a declared dependency.
    """
    return {"type": "TaskFailed", "task_name": arguments.name(task_name, "task_name")}


def task_skipped(task_name: str) -> TaskRule:
    """Returns a rule that is true if the named task was skipped.

    Args:
        task_name: Id of a task of the same workflow, or a full task name. Normally the task is a declared dependency.
    """
    return {"type": "TaskSkipped", "task_name": arguments.name(task_name, "task_name")}


def context_value(key: str, operator: Operator, value: Any) -> ContextValueRule:
    """Returns a rule that compares a value of the context that the task would receive.

    Args:
        key: Key of the context.
        operator: ``Equals`` (``==``, ``eq``), ``NotEquals`` (``!=``, ``ne``), ``GreaterThan`` (``>``, ``gt``),
            ``LessThan`` (``<``, ``lt``), ``Contains``, ``NotContains``, ``Exists`` or ``NotExists``. Case and
            underscores are ignored.
        value: Value to compare with: any value that a context can store. ``Exists`` and ``NotExists`` ignore it.

    Raises:
        ValueError: The operator is unknown ("unknown operator").
    """
    name, text = arguments.text(key, "key"), arguments.text(operator, "operator")
    canonical = _ALIASES.get(text.replace("_", "").lower())
    if canonical is None:
        raise ValueError(f"unknown operator '{text}': expected one of {', '.join(_OPERATORS)}")
    return {"type": "ContextValue", "key": name, "operator": canonical, "value": stored(value)}


def all_of(*conditions: TriggerRule) -> CombinedRule:
    """Returns a rule that is true if every condition is true, or if there are no conditions."""
    return {"type": "All", "conditions": list(conditions)}


def any_of(*conditions: TriggerRule) -> CombinedRule:
    """Returns a rule that is true if at least one condition is true. Without conditions it is false."""
    return {"type": "Any", "conditions": list(conditions)}


def none_of(*conditions: TriggerRule) -> CombinedRule:
    """Returns a rule that is true if no condition is true, or if there are no conditions."""
    return {"type": "None", "conditions": list(conditions)}


def checked(rule: object) -> WireRule:
    """Converts a task's rule to the form that the engine reads.

    A single condition becomes `all_of` with that condition.

    Raises:
        ValueError: The argument is not a rule ("invalid trigger rule").
    """
    wire = _checked(rule, "trigger_rules", 0)
    if wire["type"] in ("Always", "All", "Any", "None"):
        return wire
    return {"type": "All", "conditions": [wire]}


def _checked(rule: object, path: str, depth: int) -> WireRule:
    if not isinstance(rule, dict):
        raise _invalid(path, f"expected a dict made by always(), all_of() and so on, got {type(rule).__name__}")
    if depth > 100:
        raise _invalid(path, "nested more than 100 levels deep")
    kind = rule.get("type")
    if kind == "Always":
        return ALWAYS
    if kind in ("TaskSuccess", "TaskFailed", "TaskSkipped"):
        return {"type": kind, "taskName": arguments.name(_text(rule, "task_name", path), "task_name")}
    if kind == "ContextValue":
        return _context_value(rule, path)
    if kind in ("All", "Any", "None"):
        return {"type": kind, "conditions": _conditions(rule.get("conditions"), path, depth)}
    raise _invalid(path, f"unknown type {kind!r}")


def _context_value(rule: Dict[str, Any], path: str) -> WireRule:
    operator = _text(rule, "operator", path)
    if operator not in _OPERATORS:
        raise _invalid(path, f"unknown operator '{operator}'")
    if "value" not in rule:
        raise _invalid(path, "missing 'value'")
    try:
        value_text = json_text(stored(rule["value"]))
    except (TypeError, ValueError, OverflowError) as error:
        raise _invalid(path, f"'value': {error}") from error
    return {"type": "ContextValue", "key": _text(rule, "key", path), "operator": operator, "valueText": value_text}


def _conditions(conditions: object, path: str, depth: int) -> List[WireRule]:
    if not isinstance(conditions, (list, tuple)):
        raise _invalid(path, "'conditions' must be a list")
    return [_checked(item, f"{path}.conditions[{index}]", depth + 1) for index, item in enumerate(conditions)]


def _text(rule: Dict[str, Any], field: str, path: str) -> str:
    value = rule.get(field)
    if not isinstance(value, str):
        raise _invalid(path, f"'{field}' must be a str")
    return arguments.text(value, field)


def _invalid(path: str, reason: str) -> ValueError:
    return ValueError(f"invalid trigger rule at {path}: {reason}")
