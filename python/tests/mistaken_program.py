"""A program with mistakes for type checkers: exactly the lines with the comment ``# mistake`` have one.

`test_type_checkers.py` reads the program, and never runs it.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import cloaca
from cloaca import Context, TaskHandle, TriggerResult, testing


@cloaca.trigger(on="w")  # mistake: a poll takes no arguments
def takes_a_context(ctx: Context) -> TriggerResult:
    return TriggerResult.skip()


@cloaca.trigger(on="w")  # mistake: the only parameter of a poll is its state
def takes_another_parameter(db: Dict[str, Any]) -> TriggerResult:
    return TriggerResult.skip()


@cloaca.trigger(on="w")  # mistake: a state is a dict
def takes_a_list(state: List[int]) -> bool:
    return False


@cloaca.trigger(on="w")  # mistake: a list contains only results
def answers_with_a_list_of_flags() -> List[bool]:
    return [True]


@cloaca.trigger(on="w")  # mistake: a poll returns a TriggerResult or a bool
def answers_with_a_dict() -> Dict[str, str]:
    return {"file": "a.csv"}


@cloaca.trigger("w", poll_interval="2s")  # mistake: the same with the older form of the decorator
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


@cloaca.trigger(on="w", interval="5s")  # mistake: the keyword is poll_interval
def unknown_keyword() -> bool:
    return True


cloaca.trigger(on="w", timeout=5)  # mistake
cloaca.trigger(on="w", max_active="3")  # mistake
cloaca.trigger(on="w", cron="@daily", catchup="last")  # mistake
cloaca.trigger(on="w", cron="@daily", timezone=1)  # mistake
cloaca.trigger(on="w", expect_fire=26)  # mistake
cloaca.trigger(on="w", tags={"team": 1})  # mistake
cloaca.trigger(on="w", key_ttl=90)  # mistake
TriggerResult.fire(key=7)  # mistake
TriggerResult.fire(Context(), "row-7")  # mistake: the key is a keyword
cloaca.WorkflowBuilder("w", deadline=30)  # mistake
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

    @cloaca.task()  # mistake: a handle parameter is named handle or task_handle
    def handle_has_another_name(ctx: Context, waiter: TaskHandle) -> Context:
        return ctx

    @cloaca.task()  # mistake
    def handle_has_another_type(ctx: Context, handle: int) -> Context:
        return ctx

    @cloaca.task()
    def uses_the_handle_wrongly(ctx: Context, handle: TaskHandle) -> Context:
        handle.input = ctx  # mistake: the input is read-only
        print(handle.failures["fetch"]["code"])  # mistake: a failure has no such key
        print(handle.failures["fetch"].message)  # mistake: a failure is a dict
        handle.traceback(7)  # mistake
        handle.once("charge", 7)  # mistake: it takes a function
        handle.once("charge", lambda: 7).upper()  # mistake: it returns the result of the function
        handle.key(7)  # mistake
        handle.run("billing", {}, key="bill")  # mistake: it takes a Context
        handle.run("billing", ctx)  # mistake: the key is missing
        handle.run("billing", ctx, key="bill").upper()  # mistake: it returns a WorkflowResult
        handle.traceback("fetch").splitlines()  # mistake: there may be none
        return ctx

    @cloaca.task  # mistake
    def task_without_parentheses(ctx: Context) -> Context:
        return ctx

    @cloaca.task(dependencies="takes_a_dict")  # mistake: a str instead of a list
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
    cloaca.task(on_failure=failed)  # mistake: on_failure also receives the error
    cloaca.task(on_success=succeeded)  # mistake
    cloaca.task(trigger_rules="always")  # mistake
    cloaca.task(trigger_rules={"type": "TaskSucceeded", "task_name": "depends"})  # mistake
    cloaca.task(trigger_rules={"type": "TaskSuccess", "task": "depends"})  # mistake
    cloaca.task(trigger_rules={"type": "ContextValue", "key": "a", "operator": "=>", "value": 1})  # mistake
    cloaca.task(trigger_rules={"type": "All", "conditions": [{"type": "Allways"}]})  # mistake
    cloaca.task(trigger_rules=cloaca.context_value("rows", "=>", 0))  # mistake
    cloaca.task(trigger_rules=cloaca.all_of("depends"))  # mistake
    cloaca.task(limits="crm")  # mistake: a list of limits
    cloaca.task(limits=["crm"])  # mistake: a name instead of a limit
    cloaca.task(limits=cloaca.limit("crm", max_active=1))  # mistake: a limit instead of a list
    cloaca.limit("crm", 3)  # mistake: the maximum is a keyword argument
    cloaca.limit("crm", max_active="3")  # mistake
    cloaca.limit("crm", rate=100)  # mistake
    cloaca.limit("crm", max_active=1, per=7)  # mistake
    cloaca.limit("crm", max_active=1).name = "api"  # mistake: the name is read-only
    cloaca.WorkflowBuilder("sync", max_active="1")  # mistake
    cloaca.WorkflowBuilder("sync", max_active=1, overflow="wait")  # mistake
    cloaca.WorkflowBuilder("sync", priority="high")  # mistake
    cloaca.trigger(on="sync", priority=1.5)  # mistake
    cloaca.trigger(on="sync", cron="@daily", priority="high")  # mistake
    cloaca.delay("cool", "24h", limits=[cloaca.limit("crm", max_active=1)])  # mistake: a node takes no limits
    cloaca.delay("cool", 24)  # mistake
    cloaca.delay("cool", "24h", dependencies="depends")  # mistake
    cloaca.wait_for_signal("decided")  # mistake: the signal is missing
    cloaca.wait_for_signal("decided", "refund-decision")  # mistake: the signal is a keyword argument
    cloaca.wait_for_signal("decided", signal="s", key=7)  # mistake
    cloaca.wait_for_signal("decided", signal="s", timeout=3)  # mistake
    cloaca.wait_for_signal("decided", signal="s", timeout="3d", on_timeout="retry")  # mistake
    cloaca.approval("ok")  # mistake: the title is missing
    cloaca.approval("ok", title="Refund?", form=["amount"])  # mistake
    cloaca.approval("ok", title="Refund?", timeout="3d", on_timeout=None, dependencies=[7])  # mistake


cloaca.RetryCondition.error_pattern("timeout")  # mistake


@cloaca.passthrough_accumulator  # mistake: the function receives the event
def takes_no_event() -> int:
    return 1


@cloaca.polling_accumulator(interval="5s")  # mistake: the function receives no arguments
def takes_an_event(event: int) -> int:
    return event


@cloaca.batch_accumulator(flush_interval="5s")  # mistake: the function receives a list
def takes_one_event(event: int) -> int:
    return event


cloaca.polling_accumulator(interval=5)  # mistake
cloaca.batch_accumulator(max_buffer_size=5)  # mistake: flush_interval is missing
cloaca.state_accumulator(capacity="5")  # mistake
cloaca.stream_accumulator(topic="t")  # mistake: the type of the stream is missing
cloaca.reactor(name="r", accumulators="ab")  # mistake
cloaca.reactor(name="r", accumulators=["a"], mode="when_some")  # mistake


@cloaca.reactor(name="r", accumulators=["a"])  # mistake: the decorator is for classes
def not_a_class(event: int) -> int:
    return event


cloaca.ComputationGraphBuilder("g", graph={"n": {"input": ["a"]}})  # mistake: the key is inputs
cloaca.ComputationGraphBuilder("g", graph={"n": {"inputs": "a"}})  # mistake
cloaca.ComputationGraphBuilder("g", graph={"n": {"next": 1}})  # mistake
cloaca.ComputationGraphBuilder("g", graph={"n": {}}, reactor="r")  # mistake
cloaca.ComputationGraphBuilder("g", graph={"n": {}}).execute([])  # mistake
cloaca.task(invokes="g")  # mistake


def work_with(runner: cloaca.DefaultRunner) -> None:
    for trigger in runner.list_trigger_schedules():
        print(trigger["name"])  # mistake: the key is trigger_name
        print(trigger["poll_interval_ms"] + "ms")  # mistake: the interval is an int
    print(runner.get_trigger_schedule("x")["id"])  # mistake: the schedule may be None
    print(runner.get_trigger_execution_history("x")[0]["execution_id"])  # mistake
    print(runner.list_cron_schedules()[0]["expression"])  # mistake
    print(runner.get_cron_schedule("x")["cron"])  # mistake
    print(runner.get_cron_execution_history("x")[0]["due"])  # mistake
    print(runner.get_cron_execution_stats("2030-01-01T00:00:00Z")["total"])  # mistake
    print(cloaca.DefaultRunnerConfig().to_dict()["max_tasks"])  # mistake
    print(runner.execute("w", Context()).state)  # mistake: the attribute is status
    runner.execute("w", {"a": 1})  # mistake
    runner.execute("w", Context(), key=7)  # mistake
    runner.execute("w", Context(), priority="high")  # mistake
    runner.execute("w", Context(), "invoice-7")  # mistake: the key is a keyword argument
    runner.push("probe", 1, timeout="5s")  # mistake: timeout is a number of seconds
    runner.signal("go", "7")  # mistake: the key is a keyword argument
    runner.signal("go", key=7)  # mistake
    runner.signal("go", id=1)  # mistake
    print(runner.signal("go")["execution"])  # mistake: the key is executions
    runner.subscribe_workflow_to_reactor("r", "w", when=True)  # mistake
    print(runner.list_reactor_subscriptions()[0]["predicate"])  # mistake: the key is predicate_expression
    cloaca.DefaultRunnerConfig(max_concurrent_tasks="8")  # mistake


def check_without_the_engine() -> None:
    testing.run_workflow(5)  # mistake
    testing.run_workflow("w", "{}")  # mistake: a Context or a dict
    testing.run_workflow("w", {}, tasks={"fetch": 5})  # mistake
    testing.run_workflow("w", {}, tasks={"fetch": lambda: Context()})  # mistake: a fake receives a Context
    testing.run_workflow("w", {}, clock=0)  # mistake
    testing.run_workflow("w", {}, timeout=5)  # mistake: the keyword is task_timeout_seconds
    testing.run_workflow("w", secrets={"db": "password"})  # mistake: a secret has fields
    testing.run_workflow("w", signals={"name": "go"})  # mistake: a list of signals
    testing.run_workflow("w", signals=[{"key": "7"}])  # mistake: the name is missing
    testing.run_workflow("w", signals=[{"name": "go", "keys": "7"}])  # mistake
    testing.run_workflow("w", approvals=["ok"])  # mistake
    testing.run_workflow("w", approvals={"ok": "yes"})  # mistake
    testing.run_workflow("w", approvals={"ok": {"approve": True}})  # mistake
    print(testing.run_workflow("w").context)  # mistake: the attribute is final_context
    print(testing.run_workflow("w").tasks["a"].output["x"])  # mistake: the output may be None
    print(testing.poll("inbox").fired)  # mistake
    testing.poll(Context())  # mistake
    testing.poll("inbox", state=[1])  # mistake
    print(testing.poll("inbox").firings[0].name)  # mistake
    testing.poll("inbox").state["last"]  # mistake: None without a state
    testing.FakeClock(0)  # mistake
    testing.FakeClock().advance("5s")  # mistake
