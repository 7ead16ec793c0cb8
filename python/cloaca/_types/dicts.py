"""Dicts that handles, runners and configurations return, with all their keys. Times are RFC 3339 in UTC."""

from __future__ import annotations

from typing import List, Literal, Optional, TypedDict


class TaskFailure(TypedDict):
    """Failed task of an execution, as `TaskHandle.failures` returns it."""

    type: str
    message: str
    attempts: int


class TriggerSchedule(TypedDict):
    """Polled trigger."""

    id: str
    trigger_name: str
    workflow_name: str
    poll_interval_ms: int
    allow_concurrent: bool
    enabled: bool
    last_poll_at: Optional[str]
    created_at: str
    updated_at: str


class TriggerExecution(TypedDict):
    """Firing of a trigger. ``completed_at`` has no value (None) while its run is active."""

    id: str
    schedule_id: str
    context_hash: str
    workflow_execution_id: Optional[str]
    started_at: str
    completed_at: Optional[str]
    created_at: str


class CronSchedule(TypedDict):
    """Cron schedule."""

    id: str
    workflow_name: str
    cron_expression: str
    timezone: str
    enabled: bool
    catchup_policy: str
    next_run_at: Optional[str]
    last_run_at: Optional[str]
    created_at: str
    updated_at: str


class CronExecution(TypedDict):
    """Firing of a cron schedule."""

    id: str
    schedule_id: str
    scheduled_time: str
    claimed_at: str
    workflow_execution_id: Optional[str]
    created_at: str
    updated_at: str


class CronExecutionStats(TypedDict):
    """Numbers of firings of all cron schedules. ``success_rate`` is a percentage from 0 to 100."""

    total_executions: int
    successful_executions: int
    lost_executions: int
    success_rate: float


class ReactorSubscription(TypedDict):
    """Subscription that starts a workflow when a reactor fires."""

    id: str
    reactor_name: str
    workflow_name: str
    tenant_id: str
    enabled: bool
    last_seen_fired_at: Optional[str]
    created_at: str
    updated_at: str
    predicate_expression: Optional[str]
    predicate_degraded: bool
    predicate_error_count: int
    last_predicate_error: Optional[str]
    last_predicate_error_at: Optional[str]
    predicate_error_firing_id: Optional[str]


class SentSignal(TypedDict):
    """Result of sending a signal."""

    id: str
    #: "used" if the signal ended waits, or "kept" for the next wait with its name and key.
    state: Literal["used", "kept"]
    #: Ids of the executions whose waits it ended.
    executions: List[str]


class RunnerSettings(TypedDict):
    """Settings of a `DefaultRunnerConfig`, by name."""

    max_concurrent_tasks: int
    scheduler_poll_interval_ms: int
    task_timeout_seconds: int
    workflow_timeout_seconds: Optional[int]
    db_pool_size: int
    enable_recovery: bool
    enable_cron_scheduling: bool
    cron_poll_interval_seconds: int
    cron_max_catchup_executions: int
    cron_enable_recovery: bool
    cron_recovery_interval_seconds: int
    cron_lost_threshold_minutes: int
    cron_max_recovery_age_seconds: int
    cron_max_recovery_attempts: int


#: Final status of a run.
WorkflowStatus = Literal["Completed", "Failed", "Cancelled"]
