"""`cloaca.testing.run_workflow`: stored results, keys and child executions."""

from __future__ import annotations

import cloaca
from cloaca import Context
from cloaca.testing import FakeClock, run_workflow


def test_a_result_is_stored_for_the_next_attempt_of_the_task_only(name):
    calls, keys = [], []

    def charge(ctx, handle):
        ctx["receipt"] = handle.once("charge", lambda: calls.append(len(calls)) or len(calls))
        keys.append(handle.key("charge"))
        if len(keys) == 1:
            raise ConnectionError("later")
        return ctx

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(charge)
        cloaca.task(id="b", dependencies=["a"])(charge)

    run = run_workflow(name)

    assert run.status == "Completed"
    assert run.tasks["a"].output.to_dict() == {"receipt": 1}
    assert run.tasks["b"].output.to_dict() == {"receipt": 2}
    assert keys[0] == keys[1] != keys[2]


def test_an_async_task_awaits_a_result(name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(id="a")
        async def charge(ctx, handle):
            async def call():
                return "receipt"

            ctx["receipts"] = [await handle.once("charge", call), await handle.once("charge", call)]
            return ctx

    assert run_workflow(name).final_context.to_dict() == {"receipts": ["receipt", "receipt"]}


def test_a_child_runs_once_for_a_key_on_the_same_clock_and_without_the_time_limit(name):
    clock, starts = FakeClock(), []
    with cloaca.WorkflowBuilder(f"{name}-child"):

        @cloaca.task(id="bill")
        def bill(ctx, handle):
            starts.append(clock.elapsed)
            handle.defer_until(lambda: clock.elapsed >= 600, 60_000)
            ctx["billed"] = True
            return ctx

    with cloaca.WorkflowBuilder(name):

        @cloaca.task(id="pay", timeout="10s")
        def pay(ctx, handle):
            results = [handle.run(f"{name}-child", Context({"n": 1.0}), key="bill") for _ in range(2)]
            ctx["children"] = [each.final_context.to_dict() for each in results]
            ctx["is_same"] = results[0].execution_id == results[1].execution_id
            return ctx

    run = run_workflow(name, clock=clock, task_timeout_seconds=1_000)

    assert run.tasks["pay"].error is None
    assert run.final_context.to_dict() == {"children": [{"n": 1.0, "billed": True}] * 2, "is_same": True}
    assert starts == [0.0]


def test_a_child_that_fails_or_is_not_declared_is_a_result_or_a_value_error(name):
    with cloaca.WorkflowBuilder(f"{name}-child"):

        @cloaca.task(id="bill", retry_attempts=1)
        def bill(ctx):
            raise ValueError("no money")

    with cloaca.WorkflowBuilder(name):

        @cloaca.task(id="pay", retry_attempts=1)
        def pay(ctx, handle):
            ctx["status"] = handle.run(f"{name}-child", Context(), key="bill").status
            try:
                handle.run(f"{name}-gone", Context(), key="other")
            except ValueError as error:
                ctx["error"] = str(error)
            return ctx

    context = run_workflow(name).final_context.to_dict()

    assert context["status"] == "Failed"
    assert context["error"].startswith(f"run failed: no workflow '{name}-gone' is declared.")
