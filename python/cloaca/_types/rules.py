"""Trigger rules as programs write them, and as the builders return them: plain dicts."""

from __future__ import annotations

from typing import Any, Literal, Sequence, TypedDict, Union

#: Common spellings of operators, for type checkers and editors. Case and underscores are ignored at run time.
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

#: Names of operators in rules.
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
    """Rule that is always true."""

    type: Literal["Always"]


class TaskRule(TypedDict):
    """Rule that is true if a task ended with a certain status."""

    type: Literal["TaskSuccess", "TaskFailed", "TaskSkipped"]
    task_name: str


class ContextValueRule(TypedDict):
    """Rule that compares a value of the context."""

    type: Literal["ContextValue"]
    key: str
    operator: CanonicalOperator
    value: Any


class CombinedRule(TypedDict):
    """Rule that combines other rules."""

    type: Literal["All", "Any", "None"]
    conditions: Sequence[TriggerRule]


#: Any trigger rule.
TriggerRule = Union[AlwaysRule, TaskRule, ContextValueRule, CombinedRule]
