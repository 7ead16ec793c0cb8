"""`TaskHandle.defer_until` in the engine: a task releases its slot while it waits."""

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
    """Opens a runner that runs one task at a time."""
    config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=1)
    with cloaca.DefaultRunner.with_config(":memory:", config) as opened:
        yield opened


def test_another_task_runs_while_a_task_defers(runner, name):
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


def test_a_deferred_task_resumes_only_when_a_slot_is_free(runner, name):
    # The other task takes the slot while the first waits, so the wait ends when the other task ends.
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


def test_defer_until_sleeps_before_it_checks_its_condition_and_can_be_repeated(runner, name):
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


def test_deferred_time_counts_towards_the_task_timeout(name):
    config = cloaca.DefaultRunnerConfig(task_timeout_seconds=1)
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="only", **NO_RETRY)(lambda ctx, handle: handle.defer_until(lambda: False, 50))

    with cloaca.DefaultRunner.with_config(":memory:", config) as runner:
        result = runner.execute(name, Context())

    assert result.status == "Failed"


def test_the_slot_of_a_task_that_times_out_while_deferred_is_reused(name):
    config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=1)
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a", timeout="1s", **NO_RETRY)(lambda ctx, handle: handle.defer_until(lambda: False, 50))
        cloaca.task(id="b", dependencies=["a"], **NO_RETRY)(keep)
        cloaca.task(id="c", dependencies=["a"], **NO_RETRY)(keep)

    with cloaca.DefaultRunner.with_config(":memory:", config) as runner:
        result = runner.execute(name, Context())

    assert result.error_message.startswith("1 task(s) failed, 2 completed")


def test_using_a_task_handle_after_its_body_ended_raises_value_error(runner, name):
    kept = []
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="only", **NO_RETRY)(lambda ctx, handle: kept.append(handle))
    runner.execute(name, Context())

    with pytest.raises(ValueError, match="already been consumed"):
        kept[0].defer_until(lambda: True)


def on_threads(*bodies):
    """Runs each function on its own thread, and waits for all of them."""
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_task_releases_its_slot_while_its_threads_execute_another_workflow(runner, name):
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


def test_a_task_releases_its_slot_while_its_threads_defer(runner, name):
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
def test_a_task_runs_on_a_thread_named_main_thread(runner, name):
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
def test_a_deferral_with_a_huge_interval_ends_at_the_task_timeout(name, interval_ms):
    def wait(ctx, handle):
        handle.defer_until(lambda: True, interval_ms)
        return ctx

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="wait", **NO_RETRY)(wait)

    with cloaca.DefaultRunner.with_config(":memory:", cloaca.DefaultRunnerConfig(task_timeout_seconds=1)) as runner:
        result = runner.execute(name, Context())

    assert result.status == "Failed"
    assert "timed out" in result.error_message
