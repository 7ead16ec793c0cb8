"""Declarations as plain data for the engine, without functions. Every key is always present.

The TypeScript twins of these forms are in ``src/model``: ``workflow.ts``, ``trigger.ts`` and ``limits.ts``.
"""

from __future__ import annotations

from typing import Any, Dict, Optional

from .._policy import BackoffStrategy, RetryCondition, RetryPolicy, milliseconds, values_of
from .declaration import (
    CronTiming,
    LimitDeclaration,
    Place,
    TaskDeclaration,
    TriggerDeclaration,
    TriggerPolicy,
    WorkflowDeclaration,
)
from .parameters import task_parameters

Wire = Dict[str, Any]


def trigger_wire(trigger: TriggerDeclaration, poll_number: int) -> Wire:
    """Returns a trigger as data, with the number by which it is polled."""
    timing = trigger.timing
    if isinstance(timing, CronTiming):
        timing_wire: Wire = {
            "kind": "cron",
            "expression": timing.expression,
            "timezone": timing.timezone,
            "catchup": timing.catchup,
        }
    else:
        timing_wire = {"kind": "poll", "intervalMs": timing.interval_ms}
    return {
        "kind": "trigger",
        "name": trigger.name,
        "pollNumber": poll_number,
        "workflow": trigger.workflow,
        "timing": timing_wire,
        "allowConcurrent": trigger.allow_concurrent,
        "policy": _trigger_policy_wire(trigger.policy),
        "priority": trigger.priority,
        "takesState": trigger.parameters.state != "none",
        "unfilled": list(trigger.parameters.unfilled),
        "function": str(getattr(trigger.function, "__name__", trigger.name)),
        "tags": trigger.tags,
        "description": trigger.description,
        **_place_wire(trigger.place),
    }


def _trigger_policy_wire(policy: TriggerPolicy) -> Wire:
    return {
        "timeoutMs": policy.timeout_ms,
        "jitterMs": policy.jitter_ms,
        "maxActive": policy.max_active,
        "pauseAfter": policy.pause_after,
        "onChange": policy.on_change,
        "expectFireMs": policy.expect_fire_ms,
        "keyTtlMs": policy.key_ttl_ms,
    }


def limit_wire(limit: LimitDeclaration) -> Wire:
    """Returns a limit as data."""
    return {
        "kind": "limit",
        "name": limit.name,
        "maxActive": limit.max_active,
        "rate": None if limit.rate is None else dict(zip(("count", "windowMs"), limit.rate)),
        "per": limit.per,
        **_place_wire(limit.place),
    }


def workflow_wire(key: str, workflow: WorkflowDeclaration) -> Wire:
    """Returns a workflow as data, under the key by which it is executed."""
    tenant, package, _ = workflow.namespace
    return {
        "kind": "workflow",
        "key": key,
        "title": workflow.title,
        "description": workflow.description,
        "tags": dict(workflow.tags),
        "deadlineMs": workflow.deadline_ms,
        "doneBy": None if workflow.done_by is None else dict(zip(("time", "timezone"), workflow.done_by)),
        "limit": None if workflow.limit is None else dict(zip(("maxActive", "per", "overflow"), workflow.limit)),
        "priority": workflow.priority,
        "tenant": tenant,
        "package": package,
        "version": workflow.version,
        "tasks": [_task_wire(task) for task in workflow.tasks],
        **_place_wire(workflow.place),
    }


def _task_wire(task: TaskDeclaration) -> Wire:
    # The function of a node is not called.
    takes_context, unfilled = task_parameters(task.function) if task.wait is None else (True, ())
    return {
        "id": task.id,
        "function": str(getattr(task.function, "__name__", type(task.function).__name__)),
        "takesContext": takes_context,
        "unfilled": list(unfilled),
        "fullName": task.full_name,
        "dependencies": list(task.dependencies),
        "retry": _policy_wire(task.policy),
        "timeoutMs": task.timeout_ms,
        "deadlineMs": task.deadline_ms,
        "rule": task.rule,
        "hasOwnRule": task.has_own_rule,
        "wait": task.wait,
        "limits": [limit.name for limit in task.limits],
        "invokes": None if task.invokes is None else task.invokes.name,
        **_place_wire(task.place),
    }


def _policy_wire(policy: RetryPolicy) -> Wire:
    values = values_of(policy)
    return {
        "maxAttempts": values.max_attempts,
        "backoff": _backoff_wire(values.backoff),
        "initialDelayMs": milliseconds(values.initial_delay),
        "maxDelayMs": milliseconds(values.max_delay),
        "jitter": values.jitter,
        "condition": _condition_wire(values.condition),
    }


def _backoff_wire(backoff: BackoffStrategy) -> Wire:
    if backoff._kind == "fixed":
        return {"kind": "fixed"}
    if backoff._kind == "linear":
        return {"kind": "linear", "multiplier": backoff._multiplier}
    return {"kind": "exponential", "base": backoff._base, "multiplier": backoff._multiplier}


def _condition_wire(condition: RetryCondition) -> Wire:
    if condition._kind == "pattern":
        return {"kind": "pattern", "patterns": list(condition._patterns)}
    return {"kind": condition._kind}


def _place_wire(place: Optional[Place]) -> Wire:
    if place is None:
        return {"file": None, "line": None}
    return {"file": place.file, "line": place.line}
