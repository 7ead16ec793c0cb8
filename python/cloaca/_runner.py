"""`DefaultRunner`: the connection of a program to the engine.

Each method checks the types of its arguments, calls the engine, and returns its answer. The engine raises the
documented errors with the documented texts.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Dict, List, Optional, Type, cast, final

from ._border.runners import RunnerConnection
from ._config import DefaultRunnerConfig
from ._context import Context, check_context
from ._result import WorkflowResult
from ._sealed import Sealed, new
from ._types.dicts import (
    CronExecution,
    CronExecutionStats,
    CronSchedule,
    ReactorSubscription,
    SentSignal,
    TriggerExecution,
    TriggerSchedule,
)
from ._values import arguments, database
from ._values.convert import json_text, stored
from ._values.limit_arguments import optional_priority
from ._values.runner_arguments import enabled_flag, optional_key, page, subscription, tenant_name


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

    __slots__ = ("_connection",)

    _connection: RunnerConnection

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
        self._connection = RunnerConnection(
            {"url": database.from_current_folder(url), "schema": schema, "config": config.to_dict()}
        )

    def shutdown(self) -> None:
        """Stops the services and releases the database. A second call does nothing.

        Unfinished runs stay recorded, and the next runner on the database continues them.

        Raises:
            ValueError: The shutdown took more than 5 s ("Shutdown timed out").
        """
        self._connection.shutdown()

    def execute(
        self, workflow_name: str, context: Context, *, key: Optional[str] = None, priority: Optional[int] = None
    ) -> WorkflowResult:
        """Runs a registered workflow with a copy of the context, and waits until it ends.

        Args:
            workflow_name: Name of the workflow.
            context: Initial context of the run.
            key: Key with which the workflow starts once, of 1 to 512 bytes of UTF-8. If it is known and the context is
                equal, no run starts: the call waits for the run that was started first, and returns its result.
            priority: From -100 to 100. Runs with a higher priority begin first. Default: that of the workflow.

        Returns:
            The result, with status "Completed" or "Failed". A failed task does not raise an exception here.

        Raises:
            ValueError: The workflow is not registered, the key was used with another context, its limit refuses the
                run, or the run takes longer than the runner's ``workflow_timeout_seconds``. It then continues.
        """
        name = arguments.name(workflow_name, "workflow_name")
        check_context(context, "context")
        options = {"key": optional_key(key), "priority": optional_priority(priority)}
        result = new(WorkflowResult)
        facts, result._final_text = self._connection.call_with_context(
            "runner.execute", context._text(), workflow=name, **options
        )
        result._facts = cast(Dict[str, object], facts)
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
            self._connection.call(
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
        check_context(params, "params")
        answer, _ = self._connection.call_with_context("runner.registerInstance", params._text(), **payload)
        return str(answer)

    def list_cron_schedules(
        self, enabled_only: Optional[bool] = None, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[CronSchedule]:
        """Returns all cron schedules, or only the enabled ones, newest first.

        Skips the first ``offset`` schedules (default 0), and returns at most ``limit`` (default 100).
        """
        return list(
            self._connection.call("runner.listCrons", enabledOnly=enabled_flag(enabled_only), **page(limit, offset))
        )

    def get_cron_schedule(self, schedule_id: str) -> CronSchedule:
        """Returns one cron schedule.

        Raises:
            ValueError: The id is malformed, or no schedule has it.
        """
        return cast(
            CronSchedule, self._connection.call("runner.getCron", id=arguments.text(schedule_id, "schedule_id"))
        )

    def update_cron_schedule(self, schedule_id: str, cron_expression: str, timezone: str) -> None:
        """Changes the expression and the time zone of a schedule. The next run is computed from now.

        Raises:
            ValueError: The id is malformed, no schedule has it, or the expression or the time zone is not valid.
        """
        self._connection.call(
            "runner.updateCron",
            id=arguments.text(schedule_id, "schedule_id"),
            expression=arguments.text(cron_expression, "cron_expression"),
            timezone=arguments.text(timezone, "timezone"),
        )

    def set_cron_schedule_enabled(self, schedule_id: str, enabled: bool) -> None:
        """Enables or disables a schedule. An unknown id has no effect.

        A schedule that became due while it was disabled starts a run as soon as it is enabled.
        """
        self._connection.call(
            "runner.setCronEnabled",
            id=arguments.text(schedule_id, "schedule_id"),
            enabled=arguments.flag(enabled, "enabled"),
        )

    def delete_cron_schedule(self, schedule_id: str) -> None:
        """Deletes a schedule. An unknown id has no effect."""
        self._connection.call("runner.deleteCron", id=arguments.text(schedule_id, "schedule_id"))

    def get_cron_execution_history(
        self, schedule_id: str, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[CronExecution]:
        """Returns the firings of a schedule, newest first.

        Skips the first ``offset`` firings (default 0), and returns at most ``limit`` (default 100).
        """
        return list(
            self._connection.call(
                "runner.cronHistory", id=arguments.text(schedule_id, "schedule_id"), **page(limit, offset)
            )
        )

    def get_cron_execution_stats(self, since: str) -> CronExecutionStats:
        """Returns the number of firings since a time, and the percentage of them that started a run.

        ``since`` is a time in RFC 3339 with an offset or ``Z``.
        """
        stats = cast(
            CronExecutionStats, self._connection.call("runner.cronStats", since=arguments.text(since, "since"))
        )
        # A whole number comes through JavaScript without its fraction.
        stats["success_rate"] = float(stats["success_rate"])
        return stats

    def list_trigger_schedules(
        self, enabled_only: Optional[bool] = None, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[TriggerSchedule]:
        """Returns all triggers, or only the enabled ones, newest first.

        Skips the first ``offset`` triggers (default 0), and returns at most ``limit`` (default 100).
        """
        return list(
            self._connection.call("runner.listTriggers", enabledOnly=enabled_flag(enabled_only), **page(limit, offset))
        )

    def get_trigger_schedule(self, trigger_name: str) -> Optional[TriggerSchedule]:
        """Returns one trigger, or None if the name is unknown."""
        schedule: Optional[TriggerSchedule] = self._connection.call(
            "runner.getTrigger", name=arguments.name(trigger_name, "trigger_name")
        )
        return schedule

    def set_trigger_enabled(self, trigger_name: str, enabled: bool) -> None:
        """Enables or disables a trigger. A restart does not change this. An unknown name has no effect."""
        self._connection.call(
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
            self._connection.call(
                "runner.triggerHistory", name=arguments.name(trigger_name, "trigger_name"), **page(limit, offset)
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
        name = arguments.name(source, "source")
        timeout_s = None if timeout is None else arguments.seconds(timeout, "timeout")
        text = json_text(stored(value, 1))
        answer, _ = self._connection.call_with_context("runner.push", text, source=name, timeoutS=timeout_s)
        return int(cast(Dict[str, int], answer)["sequence"])

    def signal(
        self, name: str, *, key: Optional[str] = None, payload: object = None, id: Optional[str] = None
    ) -> SentSignal:
        """Sends a signal to the nodes that wait for it, and returns its id, its state and the executions.

        When the call returns, the signal is stored and has ended all open waits with its name and key. If there is
        none, it is kept, by default for 7 days, for the next wait. The native engine does not have this method.

        Args:
            name: Name of the signal, as in `wait_for_signal`.
            key: Key of the waits, of at most 512 bytes of UTF-8. Default: the empty key.
            payload: Value that the nodes add to their outputs, converted as in a `Context`, of at most 1 MiB of JSON.
            id: Id with which the signal is sent once, of 1 to 512 bytes of UTF-8. A repeated call returns the first
                result. Default: a new id.

        Raises:
            TypeError: The payload cannot be stored as JSON ("unsupported type").
            ValueError: The id was used with another name, key or payload, or a value is too long ("Failed to send
                signal").
        """
        signal = arguments.name(name, "name")
        key = "" if key is None else arguments.name(key, "key")
        id = None if id is None else arguments.key(id, "id")
        text = json_text(stored(payload, 1))
        answer, _ = self._connection.call_with_context("runner.signal", text, name=signal, key=key, id=id)
        return cast(SentSignal, answer)

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
            self._connection.call(
                "runner.subscribe",
                **subscription(reactor, workflow, tenant),
                when=arguments.optional_text(when, "when"),
            )
        )

    def unsubscribe_workflow_from_reactor(self, reactor: str, workflow: str, tenant: Optional[str] = None) -> bool:
        """Ends a subscription, and returns whether it existed. ``tenant`` defaults to "public"."""
        return bool(self._connection.call("runner.unsubscribe", **subscription(reactor, workflow, tenant)))

    def list_reactor_subscriptions(self, tenant: Optional[str] = None) -> List[ReactorSubscription]:
        """Returns the enabled subscriptions of a tenant, which defaults to "public"."""
        return list(self._connection.call("runner.subscriptions", tenant=tenant_name(tenant)))

    def __enter__(self) -> DefaultRunner:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.shutdown()

    def __repr__(self) -> str:
        return "DefaultRunner(thread_separated_async_runtime)"
