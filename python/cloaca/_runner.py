"""`DefaultRunner`: a program's way to the engine.

Each method checks the types of its arguments, asks the engine, and returns what it answers. The engine raises what the
documentation promises, with its texts.
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
    """Runs workflows, polls triggers and fires cron schedules, with everything recorded in a database.

    The services start with the runner and end with `shutdown`, or with the ``with`` block. Every method blocks its
    caller only. Several runners may be open at once, and several processes may share a database.

    Args:
        database_url: ``sqlite://jobs.db`` (relative), ``sqlite:////srv/jobs.db`` (absolute), a path that ends in
            ``.db``, ``.sqlite`` or ``.sqlite3``, ``:memory:``, or ``postgresql://USER:PASSWORD@HOST/DATABASE``.

    Raises:
        RuntimeError: The URL is not understood, the database cannot be opened, or there is no engine: neither was the
            script started with ``npx cloaca run``, nor is one installed that plain Python could start.

    Example:
        >>> with DefaultRunner(":memory:") as runner:
        ...     result = runner.execute("greet", Context({"who": "Ada"}))
        ...     print(result.status)
    """

    __slots__ = ("_id", "_closed")

    _id: int
    #: Why it cannot be used any more, or None.
    _closed: Optional[Exception]

    def __init__(self, database_url: str) -> None:
        self._start(database_url, DefaultRunnerConfig())

    @staticmethod
    def with_config(database_url: str, config: DefaultRunnerConfig) -> DefaultRunner:
        """A runner with settings of its own.

        Args:
            database_url: See `DefaultRunner`.
            config: The settings, copied now.
        """
        runner = new(DefaultRunner)
        runner._start(database_url, config)
        return runner

    @staticmethod
    def with_schema(database_url: str, schema: str) -> DefaultRunner:
        """A runner that keeps its data in one schema of a PostgreSQL database.

        Runners in two schemas never see each other's runs or schedules. On SQLite, use one file for each tenant.

        Args:
            database_url: ``postgres://`` or ``postgresql://``.
            schema: Made when missing: 1 to 63 ASCII letters, digits and underscores, the first no digit.

        Raises:
            ValueError: The database is not PostgreSQL, or the schema's name is not allowed.
            RuntimeError: The server cannot be reached, or refuses ("Failed to set up schema").
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
        """Stops the services and releases the database; a second call does nothing.

        Runs that have not ended stay recorded, and the next runner on the database goes on with them.

        Raises:
            ValueError: It took more than 5 s ("Shutdown timed out").
        """
        if self._closed is not None:
            return
        self._closed = ValueError("Failed to send message to runtime thread: the runner was shut down")
        _open.pop(self._id, None)
        bridge.call("runner.shutdown", {"runner": self._id})

    def execute(self, workflow_name: str, context: Context) -> WorkflowResult:
        """Runs a workflow with a copy of a context and waits for its end.

        Args:
            workflow_name: Name under which the workflow is registered.
            context: The initial context.

        Returns:
            The result, with status "Completed" or "Failed"; a failed task raises nothing here.

        Raises:
            ValueError: The workflow is unknown, or the run takes longer than the runner's ``workflow_timeout_seconds``;
                then the run itself goes on.
        """
        name = arguments.text(workflow_name, "workflow_name")
        _check_context(context, "context")
        self._check_open()
        payload: Dict[str, object] = {"runner": self._id, "workflow": name}
        result = new(WorkflowResult)
        result._facts, result._final_text = bridge.call_with_context("runner.execute", payload, context._text())
        return result

    def register_cron_workflow(self, workflow_name: str, cron_expression: str, timezone: str) -> str:
        """Makes a new schedule that starts a workflow, and returns its id.

        Args:
            workflow_name: Name of the workflow; it need not exist yet.
            cron_expression: Five fields (minute, hour, day, month, weekday), or six with seconds first, or "@daily" and
                the like.
            timezone: IANA name of the zone in which the expression is read.

        Raises:
            ValueError: The expression or the zone is invalid, or cron is switched off.
        """
        return str(
            self._ask(
                "runner.registerCron",
                workflow=arguments.text(workflow_name, "workflow_name"),
                expression=arguments.text(cron_expression, "cron_expression"),
                timezone=arguments.text(timezone, "timezone"),
            )
        )

    def register_workflow_instance(
        self, workflow_name: str, instance_name: str, cron_expression: str, timezone: str, params: Context
    ) -> str:
        """Makes a named schedule with fixed parameters, and returns its id.

        Args:
            workflow_name: Name of the workflow; it need not exist yet.
            instance_name: Name of the instance, unique for the workflow.
            cron_expression: See `register_cron_workflow`.
            timezone: See `register_cron_workflow`.
            params: Keys of every run's initial context. A value ``{"$secret": "name"}`` makes its key an alias of a
                secret.

        Raises:
            ValueError: The expression or the zone is invalid, the instance exists, or cron is switched off.
        """
        payload: Dict[str, object] = {
            "workflow": arguments.text(workflow_name, "workflow_name"),
            "instance": arguments.text(instance_name, "instance_name"),
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
        """Cron schedules, newest first; all of them unless ``enabled_only`` is True. ``limit`` is 100 unless given."""
        return list(self._ask("runner.listCrons", enabledOnly=_enabled_only(enabled_only), **_page(limit, offset)))

    def get_cron_schedule(self, schedule_id: str) -> CronSchedule:
        """One cron schedule.

        Raises:
            ValueError: The id is malformed or unknown.
        """
        return cast(CronSchedule, self._ask("runner.getCron", id=arguments.text(schedule_id, "schedule_id")))

    def update_cron_schedule(self, schedule_id: str, cron_expression: str, timezone: str) -> None:
        """Gives a schedule another expression and zone. Its next run is computed from now.

        Raises:
            ValueError: The id is malformed or unknown, or the expression or the zone is invalid.
        """
        self._ask(
            "runner.updateCron",
            id=arguments.text(schedule_id, "schedule_id"),
            expression=arguments.text(cron_expression, "cron_expression"),
            timezone=arguments.text(timezone, "timezone"),
        )

    def set_cron_schedule_enabled(self, schedule_id: str, enabled: bool) -> None:
        """Switches a schedule on or off. Unknown ids do nothing.

        One that became due while it was off fires as soon as it is switched on.
        """
        self._ask(
            "runner.setCronEnabled",
            id=arguments.text(schedule_id, "schedule_id"),
            enabled=arguments.flag(enabled, "enabled"),
        )

    def delete_cron_schedule(self, schedule_id: str) -> None:
        """Deletes a schedule. Unknown ids do nothing."""
        self._ask("runner.deleteCron", id=arguments.text(schedule_id, "schedule_id"))

    def get_cron_execution_history(
        self, schedule_id: str, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[CronExecution]:
        """The firings of a schedule, newest first. ``limit`` is 100 unless given."""
        return list(
            self._ask("runner.cronHistory", id=arguments.text(schedule_id, "schedule_id"), **_page(limit, offset))
        )

    def get_cron_execution_stats(self, since: str) -> CronExecutionStats:
        """Counts of the firings at or after an instant, and the percentage of them that started a run.

        Args:
            since: RFC 3339 with an offset or ``Z``.
        """
        stats = cast(CronExecutionStats, self._ask("runner.cronStats", since=arguments.text(since, "since")))
        # A whole number comes through JavaScript without its fraction.
        stats["success_rate"] = float(stats["success_rate"])
        return stats

    def list_trigger_schedules(
        self, enabled_only: Optional[bool] = None, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[TriggerSchedule]:
        """Triggers, newest first; all of them unless ``enabled_only`` is True. ``limit`` is 100 unless given."""
        return list(self._ask("runner.listTriggers", enabledOnly=_enabled_only(enabled_only), **_page(limit, offset)))

    def get_trigger_schedule(self, trigger_name: str) -> Optional[TriggerSchedule]:
        """One trigger, or None when the name is unknown."""
        schedule: Optional[TriggerSchedule] = self._ask(
            "runner.getTrigger", name=arguments.text(trigger_name, "trigger_name")
        )
        return schedule

    def set_trigger_enabled(self, trigger_name: str, enabled: bool) -> None:
        """Switches the polling of a trigger on or off; that survives restarts. Unknown names do nothing."""
        self._ask(
            "runner.setTriggerEnabled",
            name=arguments.text(trigger_name, "trigger_name"),
            enabled=arguments.flag(enabled, "enabled"),
        )

    def get_trigger_execution_history(
        self, trigger_name: str, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[TriggerExecution]:
        """The firings of a trigger that were not dropped, newest first. ``limit`` is 100 unless given."""
        return list(
            self._ask(
                "runner.triggerHistory", name=arguments.text(trigger_name, "trigger_name"), **_page(limit, offset)
            )
        )

    def push(self, source: str, value: Any, *, timeout: Optional[float] = None) -> int:
        """Gives an event to a source, and returns its sequence number there: 1 for the first one, and so on.

        The event is stored when this returns: it is accumulated and delivered to the reactors that list the source even
        after a restart, in the order of the numbers. An addition: the native engine hosts no sources.

        Args:
            source: Name of a passthrough, batch or state accumulator, or one that only a reactor lists.
            value: What the accumulator's function gets; converted as a `Context` does.
            timeout: Seconds to wait when so many events of the source wait already that no more are taken; 30 unless
                given, 0 does not wait.

        Raises:
            TypeError: The value has no JSON form ("unsupported type").
            ValueError: There is no such source, it takes no events that are pushed, or too many waited until the time
                was over ("Failed to push event").
        """
        payload: Dict[str, object] = {
            "source": arguments.text(source, "source"),
            "timeoutS": None if timeout is None else arguments.seconds(timeout, "timeout"),
        }
        text = json_text(stored(value, 1))
        self._check_open()
        payload["runner"] = self._id
        return int(bridge.call_with_context("runner.push", payload, text)[0]["sequence"])

    def subscribe_workflow_to_reactor(
        self, reactor: str, workflow: str, tenant: Optional[str] = None, *, when: Optional[str] = None
    ) -> str:
        """Has a workflow started each time a reactor fires, and returns the id of the subscription.

        A run's initial context has the values of the firing by source, ``reactor_name``, ``reactor_firing_id`` and
        ``reactor_fired_at``. Subscribing again keeps the id and replaces the predicate.

        Args:
            reactor: Name of the reactor; it need not exist yet, nor does the workflow.
            workflow: Name of the workflow.
            tenant: "public" unless given.
            when: A CEL expression over ``payload`` (the values by source), ``reactor`` and ``tenant``, such as
                ``payload.price > 10.0``: firings for which it is false start nothing. None: all start it.

        Raises:
            ValueError: The expression is wrong ("Invalid predicate expression").

        Example:
            >>> runner.subscribe_workflow_to_reactor("temps", "cool-down", when="payload.probe.c > 80")
        """
        return str(
            self._ask(
                "runner.subscribe",
                reactor=arguments.text(reactor, "reactor"),
                workflow=arguments.text(workflow, "workflow"),
                tenant=_tenant(tenant),
                when=arguments.optional_text(when, "when"),
            )
        )

    def unsubscribe_workflow_from_reactor(self, reactor: str, workflow: str, tenant: Optional[str] = None) -> bool:
        """Ends a subscription. Returns whether there was one. ``tenant`` is "public" unless given."""
        return bool(
            self._ask(
                "runner.unsubscribe",
                reactor=arguments.text(reactor, "reactor"),
                workflow=arguments.text(workflow, "workflow"),
                tenant=_tenant(tenant),
            )
        )

    def list_reactor_subscriptions(self, tenant: Optional[str] = None) -> List[ReactorSubscription]:
        """The enabled subscriptions of a tenant, "public" unless given."""
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
    tenant = arguments.optional_text(value, "tenant")
    return "public" if tenant is None else tenant


def _page(limit: Optional[int], offset: Optional[int]) -> Dict[str, int]:
    most, skipped = arguments.optional_unsigned(limit, "limit"), arguments.optional_unsigned(offset, "offset")
    return {"limit": 100 if most is None else most, "offset": 0 if skipped is None else skipped}
