"""Decisions of the engine about a run: rules, retries, limits, and the result of an ended run.

The engine's own code is in ``src/engine/executions`` (rules.ts, retry.ts, ready.ts) and ``src/engine/limits``. Tests
run the tables of ``test/fixtures`` with both, and ``python/tests/test_testing_agreement.py`` runs the same workflows
with both.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from .._border.outcome import Failed, TriedLater
from .._declarations.declaration import TaskDeclaration
from .._policy import RetryCondition, RetryPolicy, delay_ms_after, values_of
from .._values.limit_arguments import WorkflowLimit
from ._merge import canonical

_MISSING: Any = object()

#: Words, in upper or lower case, that mark an error as transient.
_TRANSIENT = ("timeout", "connection", "network", "temporary", "unavailable", "busy", "overloaded", "rate limit")

#: Middle of the range of the jitter, so that delays are the same in every test.
_NO_JITTER = 0.5

#: Maximum number of times that a task tries again later: the default of the setting ``limits.try-later``.
MAX_TRIES_LATER = 100

_MAX_VALUE_BYTES = 200

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


def refuse_input(key: str, limit: Optional[WorkflowLimit], input_text: str) -> None:
    """Raises ValueError if the limit of a workflow cannot use an initial context."""
    if limit is None or limit.per is None:
        return
    problem = _problem_of(limit.per, input_text)
    if problem is not None:
        raise ValueError(f'Workflow "{key}" was not started, because of its limit: {problem}.')


def refused_by_limit(task: TaskDeclaration, input_text: str) -> Optional[Failed]:
    """Returns the failure of a task that has a limit which cannot use its input."""
    for limit in sorted(task.limits, key=lambda each: each.name):
        problem = None if limit.per is None else _problem_of(limit.per, input_text)
        if problem is not None:
            reason = f'Task "{task.id}" cannot begin: limit "{limit.name}": {problem}.'
            return Failed("failed", "ValueError", reason)
    return None


def refused_later(task: TaskDeclaration, outcome: TriedLater) -> Optional[Failed]:
    """Returns the failure of a task that closes a limit which it does not have. The task is not retried."""
    if outcome.limit is None or outcome.limit in [limit.name for limit in task.limits]:
        return None
    return Failed("failed", "ValueError", f'limit "{outcome.limit}" is not a limit of task "{task.id}"')


def too_often(task: TaskDeclaration) -> Failed:
    """Returns the failure of a task that tried again later too often."""
    message = (
        f'Task "{task.id}" ended with TryLater {MAX_TRIES_LATER + 1} times, and the setting limits.try-later allows '
        f"{MAX_TRIES_LATER}. Increase the setting, or let the task fail."
    )
    return Failed("failed", "TryLater", message)


def _problem_of(per: str, input_text: str) -> Optional[str]:
    value: object = json.loads(input_text).get(per)
    if isinstance(value, (list, dict)):
        kind = "a list" if isinstance(value, list) else "an object"
        return f'the value of "{per}" is {kind}, but a limit needs a text, a number, a boolean, or null'
    size = len(canonical(value).encode("utf-8", "surrogatepass"))
    if size > _MAX_VALUE_BYTES:
        return f'the value of "{per}" has {size} bytes; a limit allows {_MAX_VALUE_BYTES}'
    return None
