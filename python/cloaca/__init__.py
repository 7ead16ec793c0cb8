"""cloaca: workflows and triggers in Python, run by the cloaca engine for Node.

Decorate functions with `task` inside a `WorkflowBuilder` block to define a workflow, and with `trigger` to start a
workflow when something happens. ``npx cloaca run SCRIPT.py`` runs a script that opens a `DefaultRunner`. ``npx cloaca
serve FILE.py`` serves the triggers and workflows of a file. Both commands run the package in the process of an
interpreter. Under plain Python, a `DefaultRunner` starts the engine as a child process if the engine is installed.
Everything else in the package works without an engine.
"""

import atexit as _atexit
import sys as _sys
from typing import TYPE_CHECKING as _TYPE_CHECKING

from ._admin.tenants import DatabaseAdmin, TenantConfig, TenantCredentials
from ._border import bridge as _bridge
from ._border.runners import shutdown_all as _shutdown_all_runners
from ._border.stops import Cancelled, Parked
from ._config import DefaultRunnerConfig
from ._context import Context, var, var_or
from ._descriptions import (
    WorkflowParamsDecorator,
    WorkflowSecretsDecorator,
    boundary_schema,
    workflow_params,
    workflow_secrets,
)
from ._graphs.accumulators import (
    batch_accumulator,
    passthrough_accumulator,
    polling_accumulator,
    state_accumulator,
    stream_accumulator,
)
from ._graphs.builder import ComputationGraphBuilder
from ._graphs.node import node
from ._graphs.reactor import reactor
from ._handle import TaskHandle
from ._limits.limit import Limit, limit
from ._limits.try_later import TryLater
from ._namespace import TaskNamespace, WorkflowContext
from ._policy import BackoffStrategy, RetryCondition, RetryPolicy, RetryPolicyBuilder
from ._result import TriggerResult, WorkflowResult
from ._rules import all_of, always, any_of, context_value, none_of, task_failed, task_skipped, task_success
from ._runner import DefaultRunner
from ._sealed import rebadge as _rebadge
from ._task import TaskDecorator, constructor, task
from ._trigger import TriggerDecorator, trigger
from ._waits.approval import approval
from ._waits.delay import delay
from ._waits.node import WaitNode
from ._waits.wait_for_signal import wait_for_signal
from ._workflow import Workflow, WorkflowBuilder, register_workflow_constructor

if _TYPE_CHECKING:
    # Names for annotations only. As on the native engine, they do not exist at run time.
    from ._types.dicts import CronExecution as CronExecution
    from ._types.dicts import CronExecutionStats as CronExecutionStats
    from ._types.dicts import CronSchedule as CronSchedule
    from ._types.dicts import ReactorSubscription as ReactorSubscription
    from ._types.dicts import RunnerSettings as RunnerSettings
    from ._types.dicts import SentSignal as SentSignal
    from ._types.dicts import TriggerExecution as TriggerExecution
    from ._types.dicts import TriggerSchedule as TriggerSchedule
    from ._types.rules import TriggerRule as TriggerRule

#: Older name of `WorkflowResult`.
PipelineResult = WorkflowResult

__all__ = [
    "BackoffStrategy",
    "Cancelled",
    "ComputationGraphBuilder",
    "Context",
    "DatabaseAdmin",
    "DefaultRunner",
    "DefaultRunnerConfig",
    "Limit",
    "Parked",
    "PipelineResult",
    "RetryCondition",
    "RetryPolicy",
    "RetryPolicyBuilder",
    "TaskDecorator",
    "TaskHandle",
    "TaskNamespace",
    "TenantConfig",
    "TenantCredentials",
    "TriggerDecorator",
    "TriggerResult",
    "TryLater",
    "WaitNode",
    "Workflow",
    "WorkflowBuilder",
    "WorkflowContext",
    "WorkflowParamsDecorator",
    "WorkflowResult",
    "WorkflowSecretsDecorator",
    "all_of",
    "always",
    "any_of",
    "approval",
    "batch_accumulator",
    "boundary_schema",
    "constructor",
    "context_value",
    "delay",
    "limit",
    "node",
    "none_of",
    "passthrough_accumulator",
    "polling_accumulator",
    "reactor",
    "register_workflow_constructor",
    "state_accumulator",
    "stream_accumulator",
    "task",
    "task_failed",
    "task_skipped",
    "task_success",
    "trigger",
    "var",
    "var_or",
    "wait_for_signal",
    "workflow_params",
    "workflow_secrets",
]


def _start_engine() -> None:
    """Starts the engine for a program that runs under plain Python, on the first call that needs it."""
    from ._cpython.around import engine

    engine.start()


def _end_engine() -> None:
    """Stops the engine that `_start_engine` started, after the exit functions that were registered since."""
    around = _sys.modules.get(f"{__name__}._cpython.around.engine")
    if around is not None:
        _shutdown_all_runners()
        around.end()


_bridge.start_engine = _start_engine
_atexit.register(_end_engine)

_rebadge(globals()[name] for name in __all__)
