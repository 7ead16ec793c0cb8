"""`cloaca.testing.run_workflow`: deferral, time limits and async bodies."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

import cloaca
from cloaca import Context
from cloaca.testing import FakeClock, run_workflow

# ------------------------------------------------------------------------------------------------------------- deferral


def test_a_deferred_task_waits_on_the_clock_while_other_tasks_run(name):
    order, clock = [], FakeClock()
    ready = []

    def wait(ctx, handle):
        order.append(f"wait at {clock.elapsed}")
        handle.defer_until(lambda: bool(ready), 200)
        order.append(f"go on at {clock.elapsed}, slot {handle.is_slot_held()}")
        ctx.set("waited", True)
        return ctx

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(wait)
        cloaca.task(id="b")(lambda ctx: order.append(f"b at {clock.elapsed}"))

    clock.call_later(5, lambda: ready.append(1))

    run = run_workflow(name, clock=clock)

    assert order == ["wait at 0.0", "b at 0.0", "go on at 5.0, slot True"]
    assert run.final_context.to_dict() == {"waited": True}


def test_deferred_tasks_may_wait_for_one_another(name):
    reached = []

    def first(ctx, handle):
        handle.defer_until(lambda: "b began" in reached, 100)
        reached.append("a passed")

    def second(ctx, handle):
        reached.append("b began")
        handle.defer_until(lambda: "a passed" in reached, 100)
        reached.append("b passed")

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(first)
        cloaca.task(id="b")(second)

    assert run_workflow(name).status == "Completed"
    assert reached == ["b began", "a passed", "b passed"]


def test_a_deferral_that_never_ends_fails_at_the_task_timeout(name):
    clock, notes = FakeClock(), []

    def wait(ctx, handle):
        handle.defer_until(lambda: False, 0)

    with cloaca.WorkflowBuilder(name):
        options = {"retry_attempts": 1, "on_failure": lambda *arguments: notes.append(arguments)}
        cloaca.task(id="a", timeout="2500ms", **options)(wait)

    run = run_workflow(name, clock=clock)

    assert run.tasks["a"].error == f"task 'a' of workflow '{name}' timed out: it exceeded its timeout of 2.5 s"
    assert run.tasks["a"].error_type == "DeadlineExceeded"
    assert "in wait" in run.tasks["a"].traceback
    assert clock.elapsed == 2.5
    assert notes == []


def test_no_threads_remain_after_an_interrupted_run(name):
    ended = []

    def wait(ctx, handle):
        try:
            handle.defer_until(lambda: False)
        finally:
            ended.append(True)

    def stop(ctx):
        raise KeyboardInterrupt

    before = threading.active_count()
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(wait)
        cloaca.task(id="b")(stop)

    with pytest.raises(KeyboardInterrupt):
        run_workflow(name)
    assert ended == [True]
    assert threading.active_count() == before


# ---------------------------------------------------------------------------------------------------------- time limits


def test_a_body_over_its_timeout_on_the_clock_fails_and_its_output_is_dropped(name):
    clock, notes = FakeClock(), []

    def slow(ctx):
        clock.advance(61)
        return ctx

    with cloaca.WorkflowBuilder(name):
        callbacks = {
            "on_success": lambda *arguments: notes.append("success"),
            "on_failure": lambda *arguments: notes.append("failure"),
        }
        cloaca.task(id="a", timeout="60s", retry_attempts=2, retry_condition="transient", **callbacks)(slow)

    run = run_workflow(name, clock=clock)

    assert run.tasks["a"].attempted_at == (0, 62)
    assert run.tasks["a"].error.endswith("timed out: it exceeded its timeout of 60 s")
    assert run.tasks["a"].output is None
    assert notes == []


def test_tasks_without_a_timeout_use_task_timeout_seconds_of_the_run(name):
    clock = FakeClock()
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(lambda ctx: clock.advance(2))

    assert run_workflow(name, clock=clock).status == "Completed"
    assert run_workflow(name, clock=clock, task_timeout_seconds=2).status == "Failed"


def test_a_body_over_its_timeout_in_real_time_fails(name):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a", timeout="10ms", retry_attempts=1)(lambda ctx: time.sleep(0.02))

    assert run_workflow(name).tasks["a"].error_type == "DeadlineExceeded"


def test_an_async_body_is_cancelled_at_its_timeout(name):
    ended = []

    async def hang(ctx):
        try:
            await asyncio.sleep(600)
        finally:
            ended.append(True)

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a", timeout="20ms", retry_attempts=1)(hang)

    run = run_workflow(name)

    assert run.tasks["a"].error_type == "DeadlineExceeded"
    assert "in hang" in run.tasks["a"].traceback
    assert ended == [True]


# ---------------------------------------------------------------------------------------------------------------- async


def test_async_bodies_and_callbacks_share_an_event_loop(name):
    loops, notes = [], []

    async def body(ctx):
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0)
        ctx.set("n", ctx.get("n", 0) + 1)
        return ctx

    async def note(task_id, ctx):
        notes.append((task_id, ctx["n"]))

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a", on_success=note)(body)
        cloaca.task(id="b", dependencies=["a"])(body)

    assert run_workflow(name).final_context.to_dict() == {"n": 2}
    assert loops[0] is loops[1]
    assert notes == [("a", 1)]


def test_an_async_body_that_raises_fails_with_its_own_traceback(name):
    async def body(ctx):
        await asyncio.sleep(0)
        raise ValueError("boom")

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a", retry_attempts=1)(body)

    task = run_workflow(name).tasks["a"]

    assert task.error == "Python task execution failed: ValueError: boom"
    assert task.traceback.splitlines()[1].startswith(f'  File "{__file__}"')


def test_an_async_body_with_a_handle_waits_on_the_clock(name):
    clock = FakeClock()

    async def body(ctx, handle):
        await asyncio.sleep(0)
        handle.defer_until(lambda: clock.elapsed >= 10)
        return ctx

    async def other(ctx):
        await asyncio.sleep(0)

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(body)
        cloaca.task(id="b")(other)

    assert run_workflow(name, clock=clock).status == "Completed"
    assert clock.elapsed == 10


def test_a_workflow_runs_inside_an_async_test(name):
    async def body(ctx):
        await asyncio.sleep(0)
        return Context({"ran": True})

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(body)

    async def test():
        return run_workflow(name)

    assert asyncio.run(test()).final_context.to_dict() == {"ran": True}
