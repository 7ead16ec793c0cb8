"""Limits and priorities, in a runner."""

from __future__ import annotations

import threading

import pytest
from engine import needs_engine, wait_for

import cloaca
from cloaca import Context
from cloaca.testing import run_workflow

pytestmark = needs_engine


class Gauge:
    """Body of a task that records how many of its calls run at the same time."""

    def __init__(self, name):
        self.__name__ = name
        self._lock = threading.Lock()
        self.active = self.most = self.calls = 0
        self.order = []

    def __call__(self, ctx, handle):
        with self._lock:
            self.calls += 1
            self.active += 1
            self.most = max(self.most, self.active)
            self.order.append(ctx.get("n"))
        threading.Event().wait(0.05)
        with self._lock:
            self.active -= 1


def executed_together(runner, name, contexts, **options):
    """Executes a workflow with each context in a thread of its own, and returns the statuses or errors."""
    results = [None] * len(contexts)

    def execute(index, context):
        try:
            results[index] = runner.execute(name, Context(context), **options).status
        except ValueError as error:
            results[index] = str(error)

    threads = [threading.Thread(target=execute, args=each) for each in enumerate(contexts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("most", [1, 2])
def test_at_most_max_active_attempts_of_a_limit_run_at_the_same_time(runner, name, most):
    body = Gauge("push")
    limit = cloaca.limit(name, max_active=most)
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="push", limits=[limit])(body)

    assert executed_together(runner, name, [{"n": n} for n in range(6)]) == ["Completed"] * 6
    assert (body.calls, body.most <= most) == (6, True)


def test_each_value_of_per_has_its_own_slots(runner, name):
    body = Gauge("push")
    limit = cloaca.limit(name, max_active=1, per="tenant")
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="push", limits=[limit])(body)

    assert executed_together(runner, name, [{"tenant": tenant} for tenant in (1, "1", None, True)]) == ["Completed"] * 4
    assert 1 < body.most <= 4


def test_the_limit_of_a_workflow_with_drop_refuses_an_execution_with_value_error(runner, name):
    begun, may_end = threading.Event(), threading.Event()

    def push(ctx):
        begun.set()
        may_end.wait(30)

    with cloaca.WorkflowBuilder(name, max_active=1, per="customer", overflow="drop"):
        cloaca.task(id="push")(push)
    results = []
    first = threading.Thread(
        target=lambda: results.append(runner.execute(name, Context({"customer": "a"})).status), daemon=True
    )
    first.start()
    wait_for(begun.is_set)

    with pytest.raises(ValueError, match="Workflow execution failed: Limit of workflow"):
        runner.execute(name, Context({"customer": "a"}))
    may_end.set()
    first.join()

    assert results == ["Completed"]
    assert runner.execute(name, Context({"customer": "a"})).status == "Completed"


def test_an_execution_with_a_value_that_the_limit_of_its_workflow_refuses_is_not_started(runner, name):
    with cloaca.WorkflowBuilder(name, max_active=1, per="customer"):
        cloaca.task(id="push")(lambda ctx: ctx)

    with pytest.raises(ValueError) as of_test:
        run_workflow(name, {"customer": [1]})
    with pytest.raises(ValueError, match="Workflow execution failed: ") as of_engine:
        runner.execute(name, Context({"customer": [1]}))

    assert str(of_engine.value) == f"Workflow execution failed: {of_test.value}"


def test_an_execution_takes_a_priority(runner, name):
    with cloaca.WorkflowBuilder(name, priority=5):
        cloaca.task(id="push")(lambda ctx: ctx)

    assert runner.execute(name, Context(), priority=-100).status == "Completed"
