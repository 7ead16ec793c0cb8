"""Decisions of the engine about a run: rules, retries, and the result of an ended run.

The engine's own code is in ``src/engine/executions`` (rules.ts, retry.ts, ready.ts). Tests run the tables of
``test/fixtures`` with both, and ``python/tests/test_testing_agreement.py`` runs the same workflows with both.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from .._policy import RetryCondition, RetryPolicy, delay_ms_after, values_of
from ._merge import canonical

_MISSING: Any = object()

#: Words, in upper or lower case, that mark an error as transient.
_TRANSIENT = ("timeout", "connection", "network", "temporary", "unavailable", "busy", "overloaded", "rate limit")

#: Middle of the range of the jitter, so that delays are the same in every test.
_NO_JITTER = 0.5

#: Maximum number of failures in the message of a run. The others are counted.
_NAMED_FAILURES = 5


def meets_rule(rule: Dict[str, Any], status_of: Callable[[str], Optional[str]], input_text: Callable[[], str]) -> bool:
    """Returns whether a task runs after all its dependencies have ended. ``rule`` has the form the engine reads."""
    kind = rule["type"]
    if kind == "Always":
        return True
    if kind == "ContextValue":
        stored = json.loads(input_text()).get(rule["key"], _MISSING)
        return _meets_operator(rule["operator"], stored, json.loads(rule["valueText"]))
    if kind in _STATUS_OF_RULE:
        return status_of(rule["taskName"]) == _STATUS_OF_RULE[kind]
    met = (meets_rule(condition, status_of, input_text) for condition in rule["conditions"])
    if kind == "All":
        return all(met)
    return any(met) if kind == "Any" else not any(met)


_STATUS_OF_RULE = {"TaskSuccess": "Completed", "TaskFailed": "Failed", "TaskSkipped": "Skipped"}


def _meets_operator(operator: str, stored: Any, value: Any) -> bool:
    if operator.startswith("Not"):
        return not _meets_operator(operator[len("Not") :], stored, value)
    if stored is _MISSING:
        return False
    if operator == "Exists":
        return True
    if operator == "Equals":
        return canonical(stored) == canonical(value)
    if operator == "Contains":
        return _contains(stored, value)
    if not (_is_number(stored) and _is_number(value)):
        return False
    return bool(stored > value if operator == "GreaterThan" else stored < value)


def _contains(stored: Any, value: Any) -> bool:
    if isinstance(stored, str):
        return isinstance(value, str) and value in stored
    return isinstance(stored, list) and canonical(value) in map(canonical, stored)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def retry_delay_ms(policy: RetryPolicy, attempt: int, message: str, is_timeout: bool) -> Optional[int]:
    """Returns the delay after failed attempt number ``attempt``, or None if the task is not retried."""
    values = values_of(policy)
    if attempt >= max(1, values.max_attempts) or not _meets_condition(values.condition, message, is_timeout):
        return None
    return delay_ms_after(values, attempt, _NO_JITTER)


def _meets_condition(condition: RetryCondition, message: str, is_timeout: bool) -> bool:
    kind = condition._kind
    if kind in ("never", "all"):
        return kind == "all"
    if kind == "transient":
        return is_timeout or _contains_any(message, _TRANSIENT)
    return _contains_any(message, condition._patterns)


def _contains_any(text: str, patterns: Sequence[str]) -> bool:
    folded = text.lower()
    return any(pattern.lower() in folded for pattern in patterns)


def error_message(ended: Mapping[str, Tuple[str, Optional[str]]]) -> Optional[str]:
    """Returns why a run failed, or None if it did not. ``ended`` has the status and the error of each task."""
    failed: List[str] = []
    for task_id, (status, error) in ended.items():
        if status == "Failed":
            failed.append(f"{task_id}: {(error or 'failed').splitlines()[0]}")
    if not failed:
        return None
    statuses = [status for status, _ in ended.values()]
    counts = (
        f"{len(failed)} task(s) failed, {statuses.count('Completed')} completed, {statuses.count('Skipped')} skipped"
    )
    named = failed[:_NAMED_FAILURES]
    if len(failed) > len(named):
        named.append(f"and {len(failed) - len(named)} more")
    return f"{counts}: {'; '.join(named)}"


def overdue_message(name: str, limit_ms: Union[int, float]) -> str:
    """Returns the error text of an attempt that exceeded its time limit."""
    limit_s = limit_ms / 1000
    return f"{name} timed out: it exceeded its timeout of {limit_s:.15g} s"
