"""Trigger rules as programs write them, and as the builders return them: plain dicts."""

from __future__ import annotations

from typing import Any, Literal, Sequence, TypedDict, Union

#: The usual spellings, for type checkers and editors: case and underscores do not count.
Operator = Literal[
    "Equals",
    "NotEquals",
    "GreaterThan",
    "LessThan",
    "Contains",
    "NotContains",
    "Exists",
    "NotExists",
    "equals",
    "not_equals",
    "greater_than",
    "less_than",
    "contains",
    "not_contains",
    "exists",
    "not_exists",
    "==",
    "!=",
    ">",
    "<",
    "eq",
    "ne",
    "gt",
    "lt",
]

#: The names of operators as rules hold them.
CanonicalOperator = Literal[
    "Equals",
    "NotEquals",
    "GreaterThan",
    "LessThan",
    "Contains",
    "NotContains",
    "Exists",
    "NotExists",
]


class AlwaysRule(TypedDict):
    """Always true."""

    type: Literal["Always"]


class TaskRule(TypedDict):
    """True when a task ended in one way."""

    type: Literal["TaskSuccess", "TaskFailed", "TaskSkipped"]
    task_name: str


class ContextValueRule(TypedDict):
    """Compares a value of the context."""

    type: Literal["ContextValue"]
    key: str
    operator: CanonicalOperator
    value: Any


class CombinedRule(TypedDict):
    """Combines other rules."""

    type: Literal["All", "Any", "None"]
    conditions: Sequence[TriggerRule]


#: A trigger rule.
TriggerRule = Union[AlwaysRule, TaskRule, ContextValueRule, CombinedRule]
