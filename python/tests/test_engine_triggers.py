"""Triggers polled by a runner: firing, deduplication, switching, history, restarts."""

from __future__ import annotations

import contextvars
import threading
import time
from importlib import import_module

import pytest
from engine import keep, needs_engine, wait_for
from kinds import about_pyodide, in_pyodide
from limits import LIMIT

import cloaca
from cloaca import Context, TriggerResult

pytestmark = needs_engine

SCHEDULE_KEYS = {
    "id",
    "trigger_name",
    "workflow_name",
    "poll_interval_ms",
    "allow_concurrent",
    "enabled",
    "last_poll_at",
    "created_at",
    "updated_at",
}

HISTORY_KEYS = {
    "id",
    "schedule_id",
    "context_hash",
    "workflow_execution_id",
    "started_at",
    "completed_at",
    "created_at",
}


def declare(name, body=keep):
    """Declares a workflow of one task."""
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="only", retry_attempts=1)(body)


def every(interval, name, function, **options):
    """Declares a trigger of the workflow with the same name."""
    cloaca.trigger(on=name, name=name, poll_interval=interval, **options)(function)


def firing_once(context=None):
    """Returns a trigger function that fires only at its first call."""
    calls = []

    def function():
        calls.append(1)
        return TriggerResult.fire(context) if len(calls) == 1 else TriggerResult.skip()

    return function


def declare_busy_trigger(name):
    """Declares a trigger with a short interval, and returns a function that waits for a number of its polls."""
    calls = []
    every("10ms", f"{name}-beside", lambda: calls.append(1) or False)

    def polls(count):
        before = len(calls)
        wait_for(lambda: len(calls) >= before + count)

    return polls


def test_a_trigger_declared_before_the_runner_is_polled_immediately_and_starts_its_workflow(name):
    seen = []
    declare(name, lambda ctx: seen.append(ctx.to_dict()))
    every("1h", name, firing_once(Context({"x": 1.0, "big": 2**60, "t": "é", "n": None, "trigger_name": "mine"})))

    with cloaca.DefaultRunner(":memory:"):
        started = wait_for(lambda: seen)[0]

    assert started.pop("triggered_at").endswith("+00:00")
    assert started == {"x": 1.0, "big": 2**60, "t": "é", "n": None, "trigger_name": name}
    assert type(started["x"]) is float


def test_a_trigger_declared_while_a_runner_is_open_is_polled(runner, name):
    seen = []
    declare(name, lambda ctx: seen.append(1))
    every("1h", name, lambda: True)

    wait_for(lambda: seen)


def test_consecutive_polls_do_not_share_context_variables_or_thread_locals(name):
    variable = contextvars.ContextVar("variable", default="unset")
    local = threading.local()
    found = []

    def look():
        found.append((variable.get(), threading.get_ident(), hasattr(local, "value")))
        variable.set("set")
        if len(found) % 2:
            local.value = "set"
        return False

    declare(name)
    for number in range(20):
        cloaca.trigger(on=name, name=f"{name}-{number}", poll_interval="1h")(look)

    with cloaca.DefaultRunner(":memory:"):
        wait_for(lambda: len(found) == 20)

    variables, idents, locals_ = zip(*found)
    assert set(variables) == {"unset"}
    if in_pyodide:  # under CPython, one thread makes several polls
        assert len(set(idents)) == 20
        assert set(locals_) == {False}


def compute():
    while True:
        pass


def sleep():
    time.sleep(LIMIT)


@pytest.mark.parametrize("too_long", [compute, pytest.param(sleep, marks=about_pyodide)])
def test_an_overdue_poll_may_clean_up_and_does_not_stop_other_polls(name, too_long, monkeypatch):
    stopping = import_module("cloaca._adapt.interrupts" if in_pyodide else "cloaca._cpython.calls.limits")
    # A busy machine may not run this process for a tenth of a second.
    monkeypatch.setattr(stopping, "_AGAIN_AFTER_S", 1.0)
    outcomes = []

    def hangs():
        if "DeadlineExceeded" in outcomes:
            return False
        try:
            too_long()
        except BaseException as error:
            outcomes.append(type(error).__name__)
            until = time.monotonic() + 0.06
            while time.monotonic() < until:
                pass
            outcomes.append("cleaned up")
            raise

    declare(name)
    cloaca.trigger(on=name, name=f"{name}-hangs", poll_interval="100ms", timeout="300ms")(hangs)
    for number in range(20):
        cloaca.trigger(on=name, name=f"{name}-{number}", poll_interval="1h")(lambda: outcomes.append("skip") or False)

    with cloaca.DefaultRunner(":memory:"):
        wait_for(lambda: len(outcomes) == 22)

    assert sorted(outcomes) == ["DeadlineExceeded", "cleaned up", *["skip"] * 20]


def test_a_trigger_is_polled_on_its_interval(runner, name):
    calls, rare = [], []
    every("1h", f"{name}-rare", lambda: rare.append(1) or False)
    declared_at = time.monotonic()
    every("100ms", name, lambda: calls.append(time.monotonic()) or False)
    wait_for(lambda: len(calls) >= 6)

    # Polls may be late on a busy machine, but are never early.
    assert calls[5] - declared_at >= 0.49
    assert len(rare) == 1


def test_polls_of_one_trigger_never_overlap_and_do_not_delay_other_triggers(runner, name):
    running, most, ended = [], [], []
    other_is_polled = declare_busy_trigger(name)

    def slow():
        if len(ended) == 3:
            return False
        running.append(1)
        most.append(len(running))
        other_is_polled(10)
        running.pop()
        ended.append(1)
        return False

    every("10ms", name, slow)
    wait_for(lambda: len(ended) >= 3)

    assert max(most) == 1


def test_a_trigger_is_polled_again_after_an_exception(runner, name):
    calls, seen = [], []

    def function():
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("boom")
        return len(calls) == 2

    declare(name, lambda ctx: seen.append(1))
    every("20ms", name, function)

    wait_for(lambda: seen)


def test_a_schedule_has_exactly_the_documented_keys(runner, name):
    every("250ms", name, lambda: False, allow_concurrent=True)
    wait_for(lambda: (runner.get_trigger_schedule(name) or {}).get("last_poll_at"))
    row = runner.get_trigger_schedule(name)

    assert set(row) == SCHEDULE_KEYS
    assert (row["trigger_name"], row["workflow_name"]) == (name, name)
    assert (row["poll_interval_ms"], row["allow_concurrent"], row["enabled"]) == (250, True, True)
    assert len(row["id"]) == 36
    assert all(row[key].endswith("+00:00") for key in ("last_poll_at", "created_at", "updated_at"))
    assert row["trigger_name"] in [other["trigger_name"] for other in runner.list_trigger_schedules()]


def test_a_firing_adds_a_history_row_with_exactly_the_documented_keys(runner, name):
    declare(name)
    every("1h", name, firing_once(Context({"a": 1})))
    wait_for(lambda: [row for row in runner.get_trigger_execution_history(name) if row["completed_at"]])

    (row,) = runner.get_trigger_execution_history(name)
    assert set(row) == HISTORY_KEYS
    assert row["schedule_id"] == runner.get_trigger_schedule(name)["id"]
    assert len(row["context_hash"]) == 16
    assert len(row["workflow_execution_id"]) == 36


def test_a_firing_of_an_undeclared_workflow_ends_without_an_execution(runner, name):
    cloaca.trigger(on=f"{name}-unknown", name=name, poll_interval="1h")(lambda: True)
    row = wait_for(lambda: [row for row in runner.get_trigger_execution_history(name) if row["completed_at"]])[0]

    assert row["workflow_execution_id"] is None
    assert row["context_hash"] == "fire_no_context"


def test_firings_with_equal_contexts_start_no_second_execution_while_the_first_runs(runner, name):
    calls, started, release = [], [], []

    def body(ctx):
        started.append(ctx["a"])
        while not release:
            time.sleep(0.01)
        return ctx

    def function():
        calls.append(1)
        data = {"a": 1, "b": [1.0]} if len(calls) % 2 else {"b": [1.0], "a": 1}
        return TriggerResult.fire(Context(data))

    declare(name, body)
    every("10ms", name, function)
    wait_for(lambda: started and len(calls) > 10)
    assert started == [1]
    assert len(runner.get_trigger_execution_history(name)) == 1

    release.append(1)
    wait_for(lambda: len(started) > 1)
    runner.set_trigger_enabled(name, False)


def test_firings_with_different_contexts_start_overlapping_executions(runner, name):
    calls, met, meeting = [], [], threading.Barrier(3, timeout=LIMIT)

    def body(ctx):
        meeting.wait()
        met.append(1)
        return ctx

    def function():
        calls.append(1)
        return TriggerResult.fire(Context({"n": len(calls)})) if len(calls) <= 3 else False

    declare(name, body)
    every("10ms", name, function)
    wait_for(lambda: len(met) == 3)

    assert len({row["context_hash"] for row in runner.get_trigger_execution_history(name)}) == 3


def test_allow_concurrent_starts_an_execution_for_every_firing(runner, name):
    calls, met, meeting = [], [], threading.Barrier(3, timeout=LIMIT)

    def function():
        calls.append(1)
        return len(calls) <= 3

    def body(ctx):
        meeting.wait()
        met.append(1)
        return ctx

    declare(name, body)
    every("10ms", name, function, allow_concurrent=True)

    wait_for(lambda: len(met) == 3)
    assert len(runner.get_trigger_execution_history(name, limit=2)) == 2
    assert len(runner.get_trigger_execution_history(name, limit=10, offset=2)) == 1


def test_a_disabled_trigger_is_not_polled_until_it_is_enabled(runner, name):
    calls = []
    another_is_polled = declare_busy_trigger(name)
    every("10ms", name, lambda: calls.append(1) or False)
    wait_for(lambda: calls)

    assert runner.set_trigger_enabled(name, False) is None
    another_is_polled(3)  # until a poll that had already started has ended
    before = len(calls)
    another_is_polled(10)
    assert len(calls) == before
    assert name not in [row["trigger_name"] for row in runner.list_trigger_schedules(enabled_only=True)]

    runner.set_trigger_enabled(name, True)
    wait_for(lambda: len(calls) > before)


def test_calls_for_an_unknown_trigger_raise_no_error(runner):
    assert runner.get_trigger_schedule("no such trigger") is None
    assert runner.set_trigger_enabled("no such trigger", True) is None
    assert runner.get_trigger_execution_history("no such trigger") == []


def test_a_trigger_keeps_its_id_disabled_flag_and_history_after_a_restart(name, tmp_path):
    url = f"sqlite://{tmp_path}/jobs.db"
    declare(name)
    every("1h", name, firing_once())
    with cloaca.DefaultRunner(url) as runner:
        wait_for(lambda: [row for row in runner.get_trigger_execution_history(name) if row["completed_at"]])
        runner.set_trigger_enabled(name, False)
        before = runner.get_trigger_schedule(name)

    calls = []
    every("20ms", name, lambda: calls.append(1) or False, allow_concurrent=True)
    another_is_polled = declare_busy_trigger(name)
    with cloaca.DefaultRunner(url) as runner:
        after = runner.get_trigger_schedule(name)
        another_is_polled(10)
        history = runner.get_trigger_execution_history(name)

    assert (after["id"], after["created_at"], after["enabled"]) == (before["id"], before["created_at"], False)
    assert (after["poll_interval_ms"], after["allow_concurrent"]) == (20, True)
    assert len(history) == 1
    assert calls == []


def test_polling_stops_when_the_runner_shuts_down(name):
    calls = []
    another_is_polled = declare_busy_trigger(name)
    every("10ms", name, lambda: calls.append(1) or False)
    with cloaca.DefaultRunner(":memory:") as other:
        other.set_trigger_enabled(name, False)
        with cloaca.DefaultRunner(":memory:"):
            another_is_polled(3)  # until a poll of the other runner has ended
            calls.clear()
            wait_for(lambda: calls)
        another_is_polled(3)  # until a poll that had already started has ended
        before = len(calls)
        another_is_polled(10)

    assert len(calls) == before


def test_triggers_are_polled_when_cron_scheduling_is_disabled(name):
    calls = []
    every("1h", name, lambda: calls.append(1) or False)
    config = cloaca.DefaultRunnerConfig(enable_cron_scheduling=False)

    with cloaca.DefaultRunner.with_config(":memory:", config) as runner:
        wait_for(lambda: calls)
        assert runner.get_trigger_schedule(name) is not None


@pytest.mark.parametrize("limit", [0, 1])
def test_list_trigger_schedules_returns_at_most_limit_rows(runner, name, limit):
    every("1h", name, lambda: False)
    every("1h", f"{name}-2", lambda: False)
    wait_for(lambda: runner.get_trigger_schedule(f"{name}-2"))

    assert len(runner.list_trigger_schedules(None, limit)) == limit
