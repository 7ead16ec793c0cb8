"""`TaskHandle.defer_until` in runs: the slot is free while a task waits."""

from __future__ import annotations

import logging
import threading
import time

import pytest
from engine import NO_RETRY, keep, needs_engine
from kinds import only_in_pyodide

import cloaca
from cloaca import Context

pytestmark = needs_engine


@pytest.fixture
def runner():
    """A runner that runs one task at a time."""
    config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=1)
    with cloaca.DefaultRunner.with_config(":memory:", config) as opened:
        yield opened


def test_another_task_runs_while_one_waits(runner, name):
    notes = []

    def wait(ctx, handle):
        notes.append(("held", handle.is_slot_held()))
        handle.defer_until(lambda: "other ran" in notes, 10)
        notes.append(("held", handle.is_slot_held()))
        return ctx

    def other(ctx):
        notes.append("other ran")
        return ctx

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a-wait", **NO_RETRY)(wait)
        cloaca.task(id="b-other", **NO_RETRY)(other)

    assert runner.execute(name, Context()).status == "Completed"
    assert notes == [("held", True), "other ran", ("held", True)]


def test_a_task_that_waits_takes_its_turn_again(runner, name):
    """While it waited, another task took the slot: the wait ends when that one does."""
    spans = {}

    def wait(ctx, task_handle):
        task_handle.defer_until(lambda: "other" in spans, 10)
        spans["resumed"] = time.monotonic()
        return ctx

    def other(ctx):
        spans["other"] = time.monotonic()
        time.sleep(0.2)
        return ctx

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a-wait", **NO_RETRY)(wait)
        cloaca.task(id="b-other", **NO_RETRY)(other)

    runner.execute(name, Context())

    assert spans["resumed"] - spans["other"] >= 0.19


def test_a_wait_sleeps_before_it_asks_and_may_be_repeated(runner, name):
    times = []

    def wait(ctx, handle):
        for _ in range(2):
            times.append(time.monotonic())
            handle.defer_until(lambda: times.append(time.monotonic()) or True, 50)
        return ctx

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="only", **NO_RETRY)(wait)

    assert runner.execute(name, Context()).status == "Completed"
    assert times[1] - times[0] >= 0.049
    assert times[3] - times[2] >= 0.049


def test_the_time_of_a_wait_counts_towards_the_timeout(name):
    config = cloaca.DefaultRunnerConfig(task_timeout_seconds=1)
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="only", **NO_RETRY)(lambda ctx, handle: handle.defer_until(lambda: False, 50))

    with cloaca.DefaultRunner.with_config(":memory:", config) as runner:
        result = runner.execute(name, Context())

    assert result.status == "Failed"


def test_the_slot_of_a_task_that_failed_while_waiting_is_not_lost(name):
    config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=1, task_timeout_seconds=1)
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a", **NO_RETRY)(lambda ctx, handle: handle.defer_until(lambda: False, 50))
        cloaca.task(id="b", dependencies=["a"], **NO_RETRY)(keep)
        cloaca.task(id="c", dependencies=["a"], **NO_RETRY)(keep)

    with cloaca.DefaultRunner.with_config(":memory:", config) as runner:
        result = runner.execute(name, Context())

    assert result.error_message.startswith("1 task(s) failed, 2 completed")


def test_a_handle_kept_after_its_body_is_of_no_use(runner, name):
    kept = []
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="only", **NO_RETRY)(lambda ctx, handle: kept.append(handle))
    runner.execute(name, Context())

    with pytest.raises(ValueError, match="already been consumed"):
        kept[0].defer_until(lambda: True)


def on_threads(*bodies):
    """Runs the bodies on threads of their own, and waits for them."""
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_the_slot_is_free_while_a_thread_of_a_task_runs_another_workflow(runner, name):
    statuses = []

    def nested():
        statuses.append(runner.execute(f"{name}-nested", Context()).status)

    def outer(ctx):
        on_threads(nested, nested)
        return ctx

    with cloaca.WorkflowBuilder(f"{name}-nested"):
        cloaca.task(id="only", **NO_RETRY)(keep)
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="outer", **NO_RETRY)(outer)

    assert runner.execute(name, Context()).status == "Completed"
    assert statuses == ["Completed", "Completed"]


def test_the_slot_is_free_while_threads_of_a_task_defer(runner, name):
    notes = []

    def wait(ctx, handle):
        def defer():
            handle.defer_until(lambda: "other ran" in notes, 10)

        on_threads(defer, defer)
        notes.append(("held", handle.is_slot_held()))
        return ctx

    def other(ctx):
        notes.append("other ran")
        return ctx

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a-wait", **NO_RETRY)(wait)
        cloaca.task(id="b-other", **NO_RETRY)(other)

    assert runner.execute(name, Context()).status == "Completed"
    assert notes == ["other ran", ("held", True)]


@only_in_pyodide("threads")
def test_a_task_runs_on_the_main_thread_by_its_name(runner, name):
    names = []

    def look(ctx):
        record = logging.LogRecord("log", logging.INFO, "file", 1, "message", (), None)
        names.append((threading.current_thread().name, record.threadName))
        return ctx

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="look", **NO_RETRY)(look)

    runner.execute(name, Context())

    assert names == [("MainThread", "MainThread")]


@pytest.mark.parametrize("interval_ms", [2**53, 2**64 - 1])
def test_a_wait_that_is_far_too_long_ends_with_the_time_of_the_task(name, interval_ms):
    def wait(ctx, handle):
        handle.defer_until(lambda: True, interval_ms)
        return ctx

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="wait", **NO_RETRY)(wait)

    with cloaca.DefaultRunner.with_config(":memory:", cloaca.DefaultRunnerConfig(task_timeout_seconds=1)) as runner:
        result = runner.execute(name, Context())

    assert result.status == "Failed"
    assert "timed out" in result.error_message
