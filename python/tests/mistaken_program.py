"""A program with mistakes that type checkers find: each line that ends with ``# mistake`` has one, and no other line.

It is read by `test_type_checkers.py`, and never run.
"""

from __future__ import annotations

from typing import Any, Dict, Optional

import cloaca
from cloaca import Context, TaskHandle, TriggerResult, testing


@cloaca.trigger(on="w")  # mistake: a poll takes no arguments
def takes_a_context(ctx: Context) -> TriggerResult:
    return TriggerResult.skip()


@cloaca.trigger(on="w")  # mistake: it answers with a TriggerResult or a bool
def answers_with_a_dict() -> Dict[str, str]:
    return {"file": "a.csv"}


@cloaca.trigger("w", poll_interval="2s")  # mistake: also in the older spelling
def answers_with_a_context() -> Context:
    return Context()


@cloaca.trigger(on="w")  # mistake
def answers_with_nothing() -> None:
    TriggerResult.skip()


@cloaca.trigger(on="w")  # mistake
def answers_with_nothing_sometimes() -> Optional[TriggerResult]:
    return None


@cloaca.trigger(on="w")  # mistake
async def answers_with_a_text_in_the_end() -> str:
    return "fire"


@cloaca.trigger  # mistake: parentheses are missing
def without_parentheses() -> bool:
    return True


@cloaca.trigger(on="w", poll_interval=5)  # mistake
def interval_is_a_number() -> bool:
    return True


@cloaca.trigger(on="w", interval="5s")  # mistake: it is called poll_interval
def unknown_keyword() -> bool:
    return True


cloaca.trigger(on="w", timeout=5)  # mistake
cloaca.trigger(on="w", max_active="3")  # mistake
cloaca.trigger(on="w", cron="@daily", catchup="last")  # mistake
cloaca.trigger(on="w", cron="@daily", timezone=1)  # mistake
TriggerResult.skip(5)  # mistake
TriggerResult.fire({"file": "a"})  # mistake


def failed(task_id: str, context: Context) -> None: ...


def succeeded(task_id: str, context: Dict[str, Any]) -> None: ...


with cloaca.WorkflowBuilder("w"):

    @cloaca.task()  # mistake: a task takes a Context
    def takes_a_dict(ctx: Dict[str, Any]) -> Context:
        return Context(ctx)

    @cloaca.task()  # mistake
    def takes_nothing() -> Context:
        return Context()

    @cloaca.task()  # mistake: a task returns a Context
    def returns_a_dict(ctx: Context) -> Dict[str, Any]:
        return ctx.to_dict()

    @cloaca.task()  # mistake
    async def returns_a_number_in_the_end(ctx: Context) -> int:
        return len(ctx)

    @cloaca.task()  # mistake: a handle is given under two names only
    def handle_has_another_name(ctx: Context, waiter: TaskHandle) -> Context:
        return ctx

    @cloaca.task()  # mistake
    def handle_has_another_type(ctx: Context, handle: int) -> Context:
        return ctx

    @cloaca.task  # mistake
    def task_without_parentheses(ctx: Context) -> Context:
        return ctx

    @cloaca.task(dependencies="takes_a_dict")  # mistake: a text, where a list is needed
    def depends_on_a_text(ctx: Context) -> Context:
        return ctx

    @cloaca.task(
        id="depends_on_a_number",
        dependencies=[3],  # mistake
    )
    def depends(ctx: Context) -> Context:
        return ctx

    cloaca.task(retry_backoff="fast")  # mistake
    cloaca.task(retry_condition="some")  # mistake
    cloaca.task(retry=3)  # mistake
    cloaca.task(timeout=90)  # mistake
    cloaca.task(on_failure=failed)  # mistake: it is given the error, too
    cloaca.task(on_success=succeeded)  # mistake
    cloaca.task(trigger_rules="always")  # mistake
    cloaca.task(trigger_rules={"type": "TaskSucceeded", "task_name": "depends"})  # mistake
    cloaca.task(trigger_rules={"type": "TaskSuccess", "task": "depends"})  # mistake
    cloaca.task(trigger_rules={"type": "ContextValue", "key": "a", "operator": "=>", "value": 1})  # mistake
    cloaca.task(trigger_rules={"type": "All", "conditions": [{"type": "Allways"}]})  # mistake
    cloaca.task(trigger_rules=cloaca.context_value("rows", "=>", 0))  # mistake
    cloaca.task(trigger_rules=cloaca.all_of("depends"))  # mistake


cloaca.RetryCondition.error_pattern("timeout")  # mistake


@cloaca.passthrough_accumulator  # mistake: it takes the event
def takes_no_event() -> int:
    return 1


@cloaca.polling_accumulator(interval="5s")  # mistake: it takes nothing
def takes_an_event(event: int) -> int:
    return event


@cloaca.batch_accumulator(flush_interval="5s")  # mistake: it takes a list
def takes_one_event(event: int) -> int:
    return event


cloaca.polling_accumulator(interval=5)  # mistake
cloaca.batch_accumulator(max_buffer_size=5)  # mistake: an interval is missing
cloaca.state_accumulator(capacity="5")  # mistake
cloaca.stream_accumulator(topic="t")  # mistake: a type is missing
cloaca.reactor(name="r", accumulators="ab")  # mistake
cloaca.reactor(name="r", accumulators=["a"], mode="when_some")  # mistake


@cloaca.reactor(name="r", accumulators=["a"])  # mistake: it is for classes
def not_a_class(event: int) -> int:
    return event


cloaca.ComputationGraphBuilder("g", graph={"n": {"input": ["a"]}})  # mistake: it is called inputs
cloaca.ComputationGraphBuilder("g", graph={"n": {"inputs": "a"}})  # mistake
cloaca.ComputationGraphBuilder("g", graph={"n": {"next": 1}})  # mistake
cloaca.ComputationGraphBuilder("g", graph={"n": {}}, reactor="r")  # mistake
cloaca.ComputationGraphBuilder("g", graph={"n": {}}).execute([])  # mistake
cloaca.task(invokes="g")  # mistake


def work_with(runner: cloaca.DefaultRunner) -> None:
    for trigger in runner.list_trigger_schedules():
        print(trigger["name"])  # mistake: it is called trigger_name
        print(trigger["poll_interval_ms"] + "ms")  # mistake: it is a number
    print(runner.get_trigger_schedule("x")["id"])  # mistake: it may be None
    print(runner.get_trigger_execution_history("x")[0]["execution_id"])  # mistake
    print(runner.list_cron_schedules()[0]["expression"])  # mistake
    print(runner.get_cron_schedule("x")["cron"])  # mistake
    print(runner.get_cron_execution_history("x")[0]["due"])  # mistake
    print(runner.get_cron_execution_stats("2030-01-01T00:00:00Z")["total"])  # mistake
    print(cloaca.DefaultRunnerConfig().to_dict()["max_tasks"])  # mistake
    print(runner.execute("w", Context()).state)  # mistake: it is called status
    runner.execute("w", {"a": 1})  # mistake
    runner.push("probe", 1, timeout="5s")  # mistake: it is a number of seconds
    runner.subscribe_workflow_to_reactor("r", "w", when=True)  # mistake
    print(runner.list_reactor_subscriptions()[0]["predicate"])  # mistake: it is called predicate_expression
    cloaca.DefaultRunnerConfig(max_concurrent_tasks="8")  # mistake


def check_without_the_engine() -> None:
    testing.run_workflow(5)  # mistake
    testing.run_workflow("w", "{}")  # mistake: a Context or a dict
    testing.run_workflow("w", {}, tasks={"fetch": 5})  # mistake
    testing.run_workflow("w", {}, tasks={"fetch": lambda: Context()})  # mistake: a fake takes a Context
    testing.run_workflow("w", {}, clock=0)  # mistake
    testing.run_workflow("w", {}, timeout=5)  # mistake: it is called task_timeout_seconds
    testing.run_workflow("w", secrets={"db": "password"})  # mistake: a secret has fields
    print(testing.run_workflow("w").context)  # mistake: it is called final_context
    print(testing.run_workflow("w").tasks["a"].output["x"])  # mistake: it may be None
    print(testing.poll("inbox").fired)  # mistake
    testing.poll(Context())  # mistake
    testing.FakeClock(0)  # mistake
    testing.FakeClock().advance("5s")  # mistake
