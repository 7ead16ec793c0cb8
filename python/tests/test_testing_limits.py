"""`cloaca.testing.run_workflow`: limits, and tasks that try again later."""

from __future__ import annotations

import pytest

import cloaca
from cloaca.testing import FakeClock, run_workflow

CRM = cloaca.limit("testing-crm", max_active=3, per="tenant")
API = cloaca.limit("testing-api", rate="1/1m")


def must_not_run(ctx):
    pytest.fail("this task was called")


def a_sync(name, body, limits=(CRM, API), **options):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="push", limits=limits, **options)(body)


@pytest.mark.parametrize(
    "context",
    [{}, {"tenant": None}, {"tenant": 1}, {"tenant": "é" * 99}, {"tenant": True}, {"tenant": 1.5}],
)
def test_a_task_runs_with_a_value_that_its_limits_can_use(name, context):
    a_sync(name, lambda ctx: ctx)

    assert run_workflow(name, context).status == "Completed"


@pytest.mark.parametrize(
    ("tenant", "reason"),
    [
        ([1], 'the value of "tenant" is a list, but a limit needs a text, a number, a boolean, or null'),
        ({"id": 1}, 'the value of "tenant" is an object, but a limit needs a text, a number, a boolean, or null'),
        ("é" * 100, 'the value of "tenant" has 202 bytes; a limit allows 200'),
    ],
)
def test_a_task_with_another_value_fails_without_a_retry(name, tenant, reason):
    a_sync(name, must_not_run)

    run = run_workflow(name, {"tenant": tenant})

    task = run.tasks["push"]
    assert (task.status, task.error_type) == ("Failed", "ValueError")
    assert task.error == f'Task "push" cannot begin: limit "testing-crm": {reason}.'
    assert task.attempted_at == ()
    assert task.input["tenant"] == tenant


def test_the_values_are_those_of_the_input_of_the_task(name):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="pick")(lambda ctx: cloaca.Context({"tenant": [1]}))
        cloaca.task(id="push", limits=[CRM], dependencies=["pick"])(must_not_run)
        cloaca.task(id="after", dependencies=["push"], trigger_rules=cloaca.task_failed("push"))(lambda ctx: ctx)

    run = run_workflow(name, {"tenant": 1})

    assert {task_id: task.status for task_id, task in run.tasks.items()} == {
        "pick": "Completed",
        "push": "Failed",
        "after": "Completed",
    }


def test_a_workflow_is_not_started_with_a_value_that_its_limit_cannot_use(name):
    with cloaca.WorkflowBuilder(name, max_active=1, per="customer"):
        cloaca.task(id="push")(lambda ctx: ctx)

    assert run_workflow(name, {"customer": "a"}).status == "Completed"
    assert run_workflow(name).status == "Completed"
    with pytest.raises(ValueError, match=f'Workflow "{name}" was not started, because of its limit: the value of'):
        run_workflow(name, {"customer": {"id": 1}})


def test_a_child_is_not_started_with_a_value_that_its_limit_cannot_use(name):
    with cloaca.WorkflowBuilder(f"{name}-child", max_active=1, per="customer"):
        cloaca.task(id="push")(must_not_run)

    def call(ctx, handle):
        handle.run(f"{name}-child", cloaca.Context({"customer": [1]}), key="child")

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="call", retry_attempts=1)(call)

    task = run_workflow(name).tasks["call"]

    assert (task.status, task.error_type) == ("Failed", "ValueError")
    assert "because of its limit" in task.error


@pytest.mark.parametrize("limit", [None, CRM, "testing-api"])
def test_a_task_that_tries_again_later_moves_the_clock_and_its_attempt_does_not_count(name, limit):
    clock, failures, calls = FakeClock(), [], []

    def push(ctx):
        calls.append(clock.elapsed)
        if len(calls) == 1:
            raise cloaca.TryLater("30s", limit=limit)
        if len(calls) == 2:
            raise ConnectionError("first failure")
        if len(calls) == 3:
            raise cloaca.TryLater(5, limit=limit)
        ctx.set("pushed", True)
        return ctx

    a_sync(name, push, retry_attempts=2, on_failure=lambda *given: failures.append(given[0]))

    run = run_workflow(name, {"tenant": 1}, clock=clock)

    assert run.status == "Completed"
    assert calls == [0.0, 30.0, 31.0, 36.0]
    assert run.tasks["push"].attempted_at == (30.0, 36.0)
    assert run.tasks["push"].error is None
    assert failures == ["push"]


def test_an_async_task_and_a_task_with_a_handle_try_again_later(name):
    clock = FakeClock()

    async def first(ctx):
        if clock.elapsed < 60:
            raise cloaca.TryLater("1m")

    def second(ctx, handle):
        if clock.elapsed < 90:
            raise cloaca.TryLater("90s")

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="first")(first)
        cloaca.task(id="second")(second)

    run = run_workflow(name, clock=clock)

    assert [task.attempted_at for task in run.tasks.values()] == [(60.0,), (90.0,)]


def test_a_task_tries_again_later_at_most_100_times(name):
    calls = []

    def push(ctx):
        calls.append(1)
        raise cloaca.TryLater("1s")

    a_sync(name, push, retry_attempts=3)

    task = run_workflow(name).tasks["push"]

    assert len(calls) == 101
    assert (task.status, task.error_type, task.attempts) == ("Failed", "TryLater", 1)
    assert task.error.startswith('Task "push" ended with TryLater 101 times, and the setting limits.try-later allows')


def test_a_limit_of_another_task_cannot_be_closed(name):
    def push(ctx):
        raise cloaca.TryLater("1s", limit=API)

    a_sync(name, push, limits=[CRM], retry_attempts=2)

    task = run_workflow(name).tasks["push"]

    assert (task.status, task.error_type) == ("Failed", "ValueError")
    assert task.error == 'limit "testing-api" is not a limit of task "push"'
    assert task.attempted_at == (0.0,)
