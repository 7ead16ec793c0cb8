"""A program that uses every public name. `mypy --strict` and `pyright` accept it without errors."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple, Union

import cloaca
from cloaca import testing


@cloaca.trigger(
    "ingest",
    name="inbox",
    poll_interval="2s",
    allow_concurrent=True,
    timeout="5s",
    jitter="100ms",
    max_active=2,
    pause_after=10,
    on_change=True,
    expect_fire="26h",
    tags={"team": "data"},
)
def inbox() -> cloaca.TriggerResult:
    if not cloaca.var_or("INBOX", ""):
        return cloaca.TriggerResult.skip("INBOX is not set")
    if cloaca.var("INBOX") == "-":
        return cloaca.TriggerResult.skip()
    return cloaca.TriggerResult.fire(cloaca.Context({"file": cloaca.var("INBOX")}))


@cloaca.trigger(on="ingest")
async def queue() -> Union[cloaca.TriggerResult, bool]:
    return cloaca.var_or("QUEUE", "") != ""


@cloaca.trigger(on="ingest", key_ttl="90d")
def rows(state: Dict[str, Any]) -> List[cloaca.TriggerResult]:
    last: int = state.get("last", 0)
    state["last"] = last + 1
    return [cloaca.TriggerResult.fire(cloaca.Context({"id": last}), key=f"row-{last}"), cloaca.TriggerResult.fire()]


@cloaca.trigger(on="ingest", key_ttl="never")
async def messages(state: Dict[str, int]) -> Union[List[cloaca.TriggerResult], cloaca.TriggerResult]:
    return [cloaca.TriggerResult.fire(key="m")] if state else cloaca.TriggerResult.skip()


@cloaca.trigger(
    on="ingest",
    cron="0 2 * * *",
    timezone="Europe/Paris",
    catchup="all",
    expect_fire="2d",
    tags={"team": "data"},
)
def nightly() -> None:
    """Is never called."""


def report_success(task_id: str, context: cloaca.Context) -> None:
    print(task_id, len(context), "rows" in context, context["rows"])


def report_failure(task_id: str, error: str, context: cloaca.Context) -> None:
    print(task_id, error, context.to_json())


policy: cloaca.RetryPolicy = (
    cloaca.RetryPolicy.builder()
    .max_attempts(5)
    .initial_delay(0.25)
    .max_delay(10)
    .backoff_strategy(cloaca.BackoffStrategy.linear(1.5))
    .retry_condition(cloaca.RetryCondition.error_pattern(["429"]))
    .with_jitter(False)
    .build()
)
builder: cloaca.RetryPolicyBuilder = cloaca.RetryPolicy.builder().backoff_strategy(cloaca.BackoffStrategy.fixed())
delay: float = policy.calculate_delay(1) if policy.should_retry(1, "error") else policy.max_delay
strategies: List[cloaca.BackoffStrategy] = [cloaca.BackoffStrategy.exponential(2.0, 1.0)]
conditions: List[cloaca.RetryCondition] = [cloaca.RetryCondition.never(), cloaca.RetryCondition.all_errors()]

task_decorator: cloaca.TaskDecorator = cloaca.task(id="only")
trigger_decorator: cloaca.TriggerDecorator = cloaca.trigger(on="ingest")
params_decorator: cloaca.WorkflowParamsDecorator = cloaca.workflow_params(source=str, batch=(int, 500))
crm: cloaca.Limit = cloaca.limit("typed-crm", max_active=3, rate="100/1m", per="tenant")
api = cloaca.limit("typed-api", rate="5/1s")
with cloaca.WorkflowBuilder("limited", max_active=1, per="customer", overflow="newest", priority=10) as limited:

    @cloaca.task(limits=[crm, api])
    def push(ctx: cloaca.Context) -> None:
        print(crm.name.upper())

    cloaca.task(id="tuple", limits=(crm,))(lambda ctx: ctx)
cloaca.WorkflowBuilder("dropping", max_active=2, overflow="drop")
cloaca.trigger(on="limited", name="scheduled", cron="@daily", priority=-5)(lambda: False)
cloaca.trigger(on="limited", name="polled", poll_interval="1m", priority=5)(lambda: False)
with cloaca.WorkflowBuilder("waits"):
    cooled: cloaca.WaitNode = cloaca.delay("cool", "24h")
    cloaca.delay("night", until="03:30", timezone="Europe/Berlin", dependencies=[cooled])
    decided: cloaca.WaitNode = cloaca.wait_for_signal(
        "decided",
        signal="refund-decision",
        key="{order_id}",
        timeout="3d",
        on_timeout="continue",
        dependencies=[cooled],
    )
    cloaca.wait_for_signal("any", signal="go")
    approved: cloaca.WaitNode = cloaca.approval(
        "ok",
        title="Refund {order_id}?",
        form={"type": "object", "properties": {"amount": {"type": "number"}}},
        timeout="3d",
        on_timeout="skip",
        dependencies=[decided, "cool"],
        trigger_rules=cloaca.task_success("decided"),
    )
    cloaca.task(id="after", dependencies=[cooled, approved])(lambda ctx: ctx)
secrets_decorator: cloaca.WorkflowSecretsDecorator = cloaca.workflow_secrets("warehouse")


@cloaca.passthrough_accumulator
def probe(event: Dict[str, float]) -> Optional[Dict[str, float]]:
    return event if event["c"] > 0 else None


@cloaca.stream_accumulator(type="kafka", topic="orders", group=None)
async def orders(event: Any) -> Any:
    return event


@cloaca.polling_accumulator(interval="5s")
def depth() -> Optional[int]:
    return 3


@cloaca.batch_accumulator(flush_interval="2s", max_buffer_size=100)
@cloaca.boundary_schema(count=int)
def clicks(events: List[Dict[str, str]]) -> Dict[str, int]:
    return {"count": len(events)}


@cloaca.state_accumulator(capacity=20)
def readings(value: float) -> float:
    return round(value, 1)


@cloaca.reactor(name="temps", accumulators=["probe", "depth"], mode="when_all")
class Temps:
    pass


with cloaca.ComputationGraphBuilder(
    "alarm",
    reactor=Temps,
    graph={"judge": {"inputs": ["probe", "depth"], "routes": {"hot": "warn", "ok": "note"}}, "warn": {}, "note": {}},
) as alarm:

    @cloaca.node
    def judge(value: Optional[Dict[str, float]], queued: Optional[int]) -> Tuple[str, float]:
        return ("hot", value["c"]) if value and value["c"] > 80 else ("ok", 0.0)

    @cloaca.node
    def warn(c: float) -> Dict[str, float]:
        return {"alarm": c}

    @cloaca.node
    def note(c: float) -> None:
        return None


alarm_name: str = alarm.NAME
alarmed: Any = alarm.execute({"probe": probe({"c": 91.0}), "depth": depth()})

with cloaca.ComputationGraphBuilder("double", graph={"doubled": {}}) as double:

    @cloaca.node
    def doubled(ctx: cloaca.Context) -> int:
        return 2 * len(ctx)


def keep_alarm(ctx: cloaca.Context) -> cloaca.Context:
    return ctx


with cloaca.WorkflowBuilder(
    "ingest",
    tenant="public",
    package="embedded",
    workflow="ingest",
    deadline="30m",
    done_by="07:00",
    timezone="Europe/Berlin",
) as workflow_builder:
    workflow_builder.description("takes files in")
    workflow_builder.tag("team", "data")

    @cloaca.workflow_params(source=str)
    @cloaca.workflow_secrets("warehouse")
    @cloaca.boundary_schema(rows=int)
    @cloaca.task(retry=policy, on_success=report_success, on_failure=report_failure)
    def read(ctx: cloaca.Context, handle: cloaca.TaskHandle) -> cloaca.Context:
        handle.defer_until(lambda: ctx.get("file") is not None, poll_interval_ms=200)
        ctx.set("held", handle.is_slot_held())
        receipt: str = handle.once("charge", lambda: handle.key("charge"))
        child: cloaca.WorkflowResult = handle.run("ingest", ctx, key=receipt)
        print(child.status, child.final_context)
        order: cloaca.Context = handle.input
        trace: Optional[str] = handle.traceback("load")
        failed: List[int] = [failure["attempts"] for failure in handle.failures.values()]
        print(order["order_id"], trace, failed, handle.failures["load"]["type"] + handle.failures["load"]["message"])
        ctx.insert("rows", 3)
        ctx.update("rows", 4)
        ctx.update_from_dict({"name": "x"})
        del ctx["name"]
        return ctx

    @cloaca.task(
        dependencies=["read", read],
        retry_attempts=2,
        retry_backoff="fixed",
        retry_delay_ms=100,
        retry_max_delay_ms=1000,
        retry_condition="transient",
        retry_jitter=False,
        timeout="90s",
        invokes=double,
        post_invocation=keep_alarm,
        trigger_rules=cloaca.all_of(
            cloaca.task_success("read"),
            cloaca.any_of(cloaca.context_value("rows", ">", 0), cloaca.always()),
            cloaca.none_of(cloaca.task_failed("read"), cloaca.task_skipped("read")),
        ),
    )
    async def load(ctx: cloaca.Context) -> Optional[cloaca.Context]:
        try:
            removed: Any = ctx.remove("rows")
        except cloaca.Cancelled:
            raise
        return None if removed is None else ctx

    rule: cloaca.TriggerRule = {"type": "All", "conditions": [{"type": "TaskSuccess", "task_name": "load"}]}

    @cloaca.task(dependencies=(load,), trigger_rules=rule, on_failure=lambda task_id, error, context: print(error))
    async def publish(ctx: cloaca.Context, task_handle: cloaca.TaskHandle) -> cloaca.Context:
        async def count() -> int:
            return 1

        try:
            counted: int = await task_handle.once("count", count)
            print(counted + 1)
        except cloaca.Parked:
            raise
        except OSError as error:
            later = cloaca.TryLater("30s", limit="crm")
            print(later.delay + 1.0, later.limit)
            raise later from error
        return ctx

    workflow_builder.add_task(read)
    workflow_builder.add_task("load")
    workflow: cloaca.Workflow = workflow_builder.build()

cloaca.register_workflow_constructor("ingest-again", lambda: workflow)

names: List[str] = workflow.topological_sort() + workflow.get_roots() + workflow.get_leaves()
levels: List[List[str]] = workflow.get_execution_levels()
facts: str = workflow.name + workflow.description + workflow.version
workflow.validate()

namespace = cloaca.TaskNamespace.from_string("public::embedded::ingest::read")
context = cloaca.WorkflowContext(namespace.tenant_id, namespace.package_name, namespace.workflow_id)
related: bool = context.contains_namespace(namespace) and namespace.is_child_of(context.workflow_namespace())
sibling: bool = context.task_namespace("a").is_sibling_of(context.resolve_dependency("b").parent())


def add_external_node() -> None:
    cloaca.constructor("node", "provider", "make")


def use_secrets(ctx: cloaca.Context) -> str:
    fields: Dict[str, str] = ctx.secret("warehouse")
    return fields["user"] + ctx.secret_field("warehouse", "password")


def run() -> cloaca.PipelineResult:
    config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=8, task_timeout_seconds=20)
    config.workflow_timeout_seconds = None
    config.enable_cron_scheduling = cloaca.DefaultRunnerConfig.default().enable_cron_scheduling
    settings: cloaca.RunnerSettings = config.to_dict()
    with cloaca.DefaultRunner.with_config(":memory:", config) as runner:
        schedule: str = runner.register_cron_workflow("ingest", "0 2 * * *", "UTC")
        runner.register_workflow_instance("ingest", "eu", "@daily", "UTC", cloaca.Context({"region": "eu"}))
        runner.update_cron_schedule(schedule, "0 3 * * *", "UTC")
        runner.set_cron_schedule_enabled(schedule, False)
        crons: List[cloaca.CronSchedule] = [
            *runner.list_cron_schedules(True, 10, 0),
            runner.get_cron_schedule(schedule),
        ]
        cron_executions: List[cloaca.CronExecution] = runner.get_cron_execution_history(schedule, limit=5)
        stats: cloaca.CronExecutionStats = runner.get_cron_execution_stats("2030-01-01T00:00:00Z")
        runner.delete_cron_schedule(schedule)
        runner.set_trigger_enabled("inbox", True)
        row: Optional[cloaca.TriggerSchedule] = runner.get_trigger_schedule("inbox")
        rows: List[cloaca.TriggerSchedule] = runner.list_trigger_schedules()
        firings: List[cloaca.TriggerExecution] = runner.get_trigger_execution_history("inbox")
        print(settings["db_pool_size"], stats["success_rate"] / 100, row and row["last_poll_at"])
        print([cron["next_run_at"] for cron in crons], [run["scheduled_time"] for run in cron_executions])
        print([trigger["trigger_name"].upper() for trigger in rows], [firing["context_hash"] for firing in firings])
        sent: cloaca.SentSignal = runner.signal("refund-decision", key="7", payload={"by": "Ada"}, id="msg-1")
        print(sent["id"], sent["state"] == "used", [execution.upper() for execution in sent["executions"]])
        runner.signal("go")
        sequence: int = runner.push("probe", {"c": 91.0}, timeout=0.5)
        subscription: str = runner.subscribe_workflow_to_reactor(
            "temps", "ingest", "public", when="payload.probe.c > 80"
        )
        subscriptions: List[cloaca.ReactorSubscription] = runner.list_reactor_subscriptions()
        removed: bool = runner.unsubscribe_workflow_from_reactor("temps", "ingest")
        print(sequence, subscription, removed, [each["predicate_error_count"] + 1 for each in subscriptions])
        result: cloaca.WorkflowResult = runner.execute("ingest", cloaca.Context.from_json("{}"))
        result = runner.execute("ingest", cloaca.Context(), key="invoice-7", priority=-10)
        print(result.execution_id, result.status, result.start_time, result.end_time, result.error_message)
        print(result.final_context.to_dict())
    runner.shutdown()
    return result


def open_with_schema() -> cloaca.DefaultRunner:
    return cloaca.DefaultRunner.with_schema("postgres://db/app", "acme")


def administer_tenants() -> cloaca.DefaultRunner:
    admin = cloaca.DatabaseAdmin("postgresql://root@db/app")
    config = cloaca.TenantConfig("acme", "acme_u", password=None)
    credentials: cloaca.TenantCredentials = admin.create_tenant(config)
    url: str = credentials.connection_string
    admin.remove_tenant(credentials.schema_name, config.username)
    return cloaca.DefaultRunner.with_schema(url, credentials.schema_name)


def check_without_the_engine() -> testing.WorkflowRun:
    def fetch(context: cloaca.Context) -> cloaca.Context:
        return context

    async def wait(context: cloaca.Context, handle: cloaca.TaskHandle) -> Optional[cloaca.Context]:
        return None

    clock = testing.FakeClock("2030-01-02T03:04:05Z")
    clock.call_later(5, lambda: clock.advance(0.5))
    fired: testing.PollResult = testing.poll(inbox, clock=clock)
    print(
        fired.outcome == "fired", fired.context["file"], fired.reason, fired.traceback, testing.poll("queue").workflow
    )
    polled = testing.poll(rows, state={"last": 7})
    firing: testing.Firing = polled.firings[0]
    after: Optional[Dict[str, Any]] = polled.state
    print(firing.context["id"], firing.key, after)
    with cloaca.WorkflowBuilder("checked") as builder:
        cloaca.task(id="fetch")(fetch)
        cloaca.task(id="wait")(wait)
    workflow: cloaca.Workflow = builder.build()
    testing.run_workflow("checked", {"order_id": 7}, tasks={"fetch": {"rows": 1}})
    run: testing.WorkflowRun = testing.run_workflow(
        workflow,
        cloaca.Context(),
        tasks={"fetch": fetch, "wait": wait},
        clock=clock,
        secrets={"db": {"user": "reader"}},
        task_timeout_seconds=1.5,
    )
    testing.run_workflow(
        "waits",
        signals=[{"name": "refund-decision", "key": "7", "payload": {"by": "Ada"}}, {"name": "go"}],
        approvals={"ok": {"approved": True, "values": {"amount": 1.5}, "note": None}},
    )
    task: testing.TaskRun = run.tasks["fetch"]
    print(run.status == "Completed", run.error_message, run.final_context.to_dict(), run.start_time, run.end_time)
    print(task.status == "Skipped", task.attempts + 1, task.attempted_at[0] + 0.5, clock.now().year, clock.elapsed)
    print(task.id, task.input and task.input["x"], task.output, task.error, task.error_type, task.traceback)
    return testing.run_workflow(builder)


checked = check_without_the_engine()
