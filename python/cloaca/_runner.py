"""`DefaultRunner`: the connection of a program to the engine.

Each method checks the types of its arguments, calls the engine, and returns its answer. The engine raises the
documented errors with the documented texts.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Dict, List, Optional, Type, cast, final

from ._border import bridge
from ._border.runners import open_runners as _open
from ._config import DefaultRunnerConfig
from ._context import Context
from ._result import WorkflowResult
from ._sealed import Sealed, new
from ._types.dicts import (
    CronExecution,
    CronExecutionStats,
    CronSchedule,
    ReactorSubscription,
    TriggerExecution,
    TriggerSchedule,
)
from ._values import arguments, database
from ._values.convert import json_text, stored


@final
class DefaultRunner(Sealed):
    """Runs workflows, polls triggers and starts cron schedules. A database records everything.

    The runner starts its services when it is created, and stops them in `shutdown` or at the end of the ``with`` block.
    A method blocks only its caller. Several runners can be open at the same time, and several processes can share a
    database.

    Args:
        database_url: ``sqlite://jobs.db`` (relative), ``sqlite:////srv/jobs.db`` (absolute), a path that ends in
            ``.db``, ``.sqlite`` or ``.sqlite3``, ``:memory:``, or ``postgresql://USER:PASSWORD@HOST/DATABASE``.

    Raises:
        RuntimeError: The URL is not valid, the database cannot be opened, or there is no engine: the script was not
            started with ``npx cloaca run``, and no engine is installed that plain Python could start.

    Example:
        >>> with DefaultRunner(":memory:") as runner:
        ...     result = runner.execute("greet", Context({"who": "Ada"}))
        ...     print(result.status)
    """

    __slots__ = ("_id", "_closed")

    _id: int
    #: Error that every call raises because the runner is closed, or None.
    _closed: Optional[Exception]

    def __init__(self, database_url: str) -> None:
        self._start(database_url, DefaultRunnerConfig())

    @staticmethod
    def with_config(database_url: str, config: DefaultRunnerConfig) -> DefaultRunner:
        """Creates a runner with other settings than the defaults. The settings are copied."""
        runner = new(DefaultRunner)
        runner._start(database_url, config)
        return runner

    @staticmethod
    def with_schema(database_url: str, schema: str) -> DefaultRunner:
        """Creates a runner that keeps its data in one schema of a PostgreSQL database.

        Runners in different schemas never see each other's runs or schedules. With SQLite, use one file for each
        tenant.

        Args:
            database_url: A ``postgres://`` or ``postgresql://`` URL.
            schema: Name of the schema, which is created if it does not exist: 1 to 63 ASCII letters, digits and
                underscores, not starting with a digit.

        Raises:
            ValueError: The database is not PostgreSQL, or the name of the schema is not allowed.
            RuntimeError: The server cannot be reached, or rejects the schema ("Failed to set up schema").
        """
        url, name = arguments.text(database_url, "database_url"), arguments.text(schema, "schema")
        database.check_schema(url, name)
        runner = new(DefaultRunner)
        runner._start(url, DefaultRunnerConfig(), name)
        return runner

    def _start(self, database_url: str, config: DefaultRunnerConfig, schema: Optional[str] = None) -> None:
        url = arguments.text(database_url, "database_url")
        if not isinstance(config, DefaultRunnerConfig):
            arguments.refuse(config, "config", "DefaultRunnerConfig")
        self._closed = None
        payload: Dict[str, object] = {
            "url": database.from_current_folder(url),
            "schema": schema,
            "config": config.to_dict(),
        }
        self._id = bridge.call("runner.open", payload)["runner"]
        _open[self._id] = self

    def shutdown(self) -> None:
        """Stops the services and releases the database. A second call does nothing.

        Unfinished runs stay recorded, and the next runner on the database continues them.

        Raises:
            ValueError: The shutdown took more than 5 s ("Shutdown timed out").
        """
        if self._closed is not None:
            return
        self._closed = ValueError("Failed to send message to runtime thread: the runner was shut down")
        _open.pop(self._id, None)
        bridge.call("runner.shutdown", {"runner": self._id})

    def execute(self, workflow_name: str, context: Context) -> WorkflowResult:
        """Runs a registered workflow with a copy of the context, and waits until it ends.

        Returns:
            The result, with status "Completed" or "Failed". A failed task does not raise an exception here.

        Raises:
            ValueError: The workflow is not registered, or the run takes longer than the runner's
                ``workflow_timeout_seconds``. In the second case the run continues.
        """
        name = arguments.name(workflow_name, "workflow_name")
        _check_context(context, "context")
        self._check_open()
        payload: Dict[str, object] = {"runner": self._id, "workflow": name}
        result = new(WorkflowResult)
        result._facts, result._final_text = bridge.call_with_context("runner.execute", payload, context._text())
        return result

    def register_cron_workflow(self, workflow_name: str, cron_expression: str, timezone: str) -> str:
        """Creates a cron schedule that starts a workflow, and returns the schedule's id.

        Args:
            workflow_name: Name of the workflow, which does not have to exist yet.
            cron_expression: Five fields (minute, hour, day, month, weekday), six fields that start with seconds, or a
                nickname such as "@daily".
            timezone: IANA name of the time zone of the expression.

        Raises:
            ValueError: The expression or the time zone is not valid, or cron scheduling is disabled.
        """
        return str(
            self._ask(
                "runner.registerCron",
                workflow=arguments.name(workflow_name, "workflow_name"),
                expression=arguments.text(cron_expression, "cron_expression"),
                timezone=arguments.text(timezone, "timezone"),
            )
        )

    def register_workflow_instance(
        self, workflow_name: str, instance_name: str, cron_expression: str, timezone: str, params: Context
    ) -> str:
        """Creates a named cron schedule with fixed parameters, and returns the schedule's id.

        Args:
            workflow_name: Name of the workflow, which does not have to exist yet.
            instance_name: Name of the instance, which is unique within the workflow.
            cron_expression: See `register_cron_workflow`.
            timezone: See `register_cron_workflow`.
            params: Parameters, which become keys of each run's initial context. A value ``{"$secret": "name"}`` makes
                its key an alias of that secret.

        Raises:
            ValueError: The expression or the time zone is not valid, the instance already exists, or cron scheduling is
                disabled.
        """
        payload: Dict[str, object] = {
            "workflow": arguments.name(workflow_name, "workflow_name"),
            "instance": arguments.name(instance_name, "instance_name"),
            "expression": arguments.text(cron_expression, "cron_expression"),
            "timezone": arguments.text(timezone, "timezone"),
        }
        _check_context(params, "params")
        self._check_open()
        payload["runner"] = self._id
        return str(bridge.call_with_context("runner.registerInstance", payload, params._text())[0])

    def list_cron_schedules(
        self, enabled_only: Optional[bool] = None, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[CronSchedule]:
        """Returns all cron schedules, or only the enabled ones, newest first.

        Skips the first ``offset`` schedules (default 0), and returns at most ``limit`` (default 100).
        """
        return list(self._ask("runner.listCrons", enabledOnly=_enabled_only(enabled_only), **_page(limit, offset)))

    def get_cron_schedule(self, schedule_id: str) -> CronSchedule:
        """Returns one cron schedule.

        Raises:
            ValueError: The id is malformed, or no schedule has it.
        """
        return cast(CronSchedule, self._ask("runner.getCron", id=arguments.text(schedule_id, "schedule_id")))

    def update_cron_schedule(self, schedule_id: str, cron_expression: str, timezone: str) -> None:
        """Changes the expression and the time zone of a schedule. The next run is computed from now.

        Raises:
            ValueError: The id is malformed, no schedule has it, or the expression or the time zone is not valid.
        """
        self._ask(
            "runner.updateCron",
            id=arguments.text(schedule_id, "schedule_id"),
            expression=arguments.text(cron_expression, "cron_expression"),
            timezone=arguments.text(timezone, "timezone"),
        )

    def set_cron_schedule_enabled(self, schedule_id: str, enabled: bool) -> None:
        """Enables or disables a schedule. An unknown id has no effect.

        A schedule that became due while it was disabled starts a run as soon as it is enabled.
        """
        self._ask(
            "runner.setCronEnabled",
            id=arguments.text(schedule_id, "schedule_id"),
            enabled=arguments.flag(enabled, "enabled"),
        )

    def delete_cron_schedule(self, schedule_id: str) -> None:
        """Deletes a schedule. An unknown id has no effect."""
        self._ask("runner.deleteCron", id=arguments.text(schedule_id, "schedule_id"))

    def get_cron_execution_history(
        self, schedule_id: str, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[CronExecution]:
        """Returns the firings of a schedule, newest first.

        Skips the first ``offset`` firings (default 0), and returns at most ``limit`` (default 100).
        """
        return list(
            self._ask("runner.cronHistory", id=arguments.text(schedule_id, "schedule_id"), **_page(limit, offset))
        )

    def get_cron_execution_stats(self, since: str) -> CronExecutionStats:
        """Returns the number of firings since a time, and the percentage of them that started a run.

        ``since`` is a time in RFC 3339 with an offset or ``Z``.
        """
        stats = cast(CronExecutionStats, self._ask("runner.cronStats", since=arguments.text(since, "since")))
        # A whole number comes through JavaScript without its fraction.
        stats["success_rate"] = float(stats["success_rate"])
        return stats

    def list_trigger_schedules(
        self, enabled_only: Optional[bool] = None, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[TriggerSchedule]:
        """Returns all triggers, or only the enabled ones, newest first.

        Skips the first ``offset`` triggers (default 0), and returns at most ``limit`` (default 100).
        """
        return list(self._ask("runner.listTriggers", enabledOnly=_enabled_only(enabled_only), **_page(limit, offset)))

    def get_trigger_schedule(self, trigger_name: str) -> Optional[TriggerSchedule]:
        """Returns one trigger, or None if the name is unknown."""
        schedule: Optional[TriggerSchedule] = self._ask(
            "runner.getTrigger", name=arguments.name(trigger_name, "trigger_name")
        )
        return schedule

    def set_trigger_enabled(self, trigger_name: str, enabled: bool) -> None:
        """Enables or disables a trigger. A restart does not change this. An unknown name has no effect."""
        self._ask(
            "runner.setTriggerEnabled",
            name=arguments.name(trigger_name, "trigger_name"),
            enabled=arguments.flag(enabled, "enabled"),
        )

    def get_trigger_execution_history(
        self, trigger_name: str, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[TriggerExecution]:
        """Returns the firings of a trigger that started a run, newest first. Suppressed duplicates are not included.

        Skips the first ``offset`` firings (default 0), and returns at most ``limit`` (default 100).
        """
        return list(
            self._ask(
                "runner.triggerHistory", name=arguments.name(trigger_name, "trigger_name"), **_page(limit, offset)
            )
        )

    def push(self, source: str, value: Any, *, timeout: Optional[float] = None) -> int:
        """Sends an event to a source, and returns the event's sequence number in the source, which starts at 1.

        When the call returns, the event is stored. The source processes events in the order of their numbers, even
        after a restart, and delivers its values to the reactors that list the source. The native engine does not have
        this method.

        Args:
            source: Name of a passthrough, batch or state accumulator, or of a source that only a reactor lists.
            value: Value for the accumulator's function, converted as in a `Context`.
            timeout: Seconds to wait while the queue of the source is full. 0 does not wait. Default: 30.

        Raises:
            TypeError: The value cannot be stored as JSON ("unsupported type").
            ValueError: The source does not exist, it does not accept pushed events, or its queue stayed full until the
                timeout ("Failed to push event").
        """
        payload: Dict[str, object] = {
            "source": arguments.name(source, "source"),
            "timeoutS": None if timeout is None else arguments.seconds(timeout, "timeout"),
        }
        text = json_text(stored(value, 1))
        self._check_open()
        payload["runner"] = self._id
        return int(bridge.call_with_context("runner.push", payload, text)[0]["sequence"])

    def subscribe_workflow_to_reactor(
        self, reactor: str, workflow: str, tenant: Optional[str] = None, *, when: Optional[str] = None
    ) -> str:
        """Starts a workflow each time a reactor fires, and returns the id of the subscription.

        The initial context of a run has one key for each source of the firing, and ``reactor_name``,
        ``reactor_firing_id`` and ``reactor_fired_at``. A second call for the same names keeps the id and replaces the
        predicate.

        Args:
            reactor: Name of the reactor. Neither the reactor nor the workflow has to exist yet.
            workflow: Name of the workflow.
            tenant: Tenant of the subscription. Default: "public".
            when: CEL expression over ``payload`` (the values by source), ``reactor`` and ``tenant``, such as
                ``payload.price > 10.0``. A firing for which it is false starts nothing. Default: every firing starts
                the workflow.

        Raises:
            ValueError: The expression is not valid ("Invalid predicate expression").
        """
        return str(
            self._ask(
                "runner.subscribe",
                reactor=arguments.name(reactor, "reactor"),
                workflow=arguments.name(workflow, "workflow"),
                tenant=_tenant(tenant),
                when=arguments.optional_text(when, "when"),
            )
        )

    def unsubscribe_workflow_from_reactor(self, reactor: str, workflow: str, tenant: Optional[str] = None) -> bool:
        """Ends a subscription, and returns whether it existed. ``tenant`` defaults to "public"."""
        return bool(
            self._ask(
                "runner.unsubscribe",
                reactor=arguments.name(reactor, "reactor"),
                workflow=arguments.name(workflow, "workflow"),
                tenant=_tenant(tenant),
            )
        )

    def list_reactor_subscriptions(self, tenant: Optional[str] = None) -> List[ReactorSubscription]:
        """Returns the enabled subscriptions of a tenant, which defaults to "public"."""
        return list(self._ask("runner.subscriptions", tenant=_tenant(tenant)))

    def _ask(self, method: str, **payload: object) -> Any:
        self._check_open()
        return bridge.call(method, {"runner": self._id, **payload})

    def _check_open(self) -> None:
        if self._closed is not None:
            raise type(self._closed)(*self._closed.args)

    def _lose(self, reason: str) -> None:
        self._closed = RuntimeError(reason)

    def __enter__(self) -> DefaultRunner:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.shutdown()

    def __repr__(self) -> str:
        return "DefaultRunner(thread_separated_async_runtime)"


def _check_context(value: object, name: str) -> None:
    if not isinstance(value, Context):
        arguments.refuse(value, name, "Context")


def _enabled_only(value: Optional[bool]) -> bool:
    return arguments.optional_flag(value, "enabled_only") is True


def _tenant(value: Optional[str]) -> str:
    tenant = arguments.optional_name(value, "tenant")
    return "public" if tenant is None else tenant


def _page(limit: Optional[int], offset: Optional[int]) -> Dict[str, int]:
    most, skipped = arguments.optional_unsigned(limit, "limit"), arguments.optional_unsigned(offset, "offset")
    return {"limit": 100 if most is None else most, "offset": 0 if skipped is None else skipped}
