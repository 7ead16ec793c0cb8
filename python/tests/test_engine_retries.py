"""Retries, timeouts and callbacks of tasks in the engine."""

from __future__ import annotations

import time

import pytest
from engine import fail, keep, needs_engine

import cloaca
from cloaca import Context

pytestmark = needs_engine


def run_one(runner, name, body, **options):
    """Runs a workflow of one task."""
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="only", **options)(body)
    return runner.execute(name, Context({"x": 1}))


def failing_times(times, error=None):
    """Returns a body that fails at its first `times` calls, and the list of the times of its calls."""
    calls = []

    def body(ctx):
        calls.append(time.monotonic())
        if len(calls) <= times:
            raise error or ValueError("boom")
        return ctx

    return body, calls


@pytest.mark.parametrize(("attempts", "made"), [(0, 1), (1, 1), (2, 2), (4, 4)])
def test_a_failing_task_is_attempted_retry_attempts_times_and_at_least_once(runner, name, attempts, made):
    body, calls = failing_times(99)

    result = run_one(runner, name, body, retry_attempts=attempts, retry_delay_ms=1)

    assert result.status == "Failed"
    assert len(calls) == made


def test_a_task_that_succeeds_on_a_retry_completes_the_execution(runner, name):
    body, calls = failing_times(2)

    result = run_one(runner, name, body, retry_delay_ms=1)

    assert result.status == "Completed"
    assert len(calls) == 3


def test_every_attempt_starts_from_the_same_input(runner, name):
    seen = []

    def body(ctx):
        seen.append(ctx.to_dict())
        ctx.set("x", 2)
        if len(seen) < 3:
            raise ValueError
        return ctx

    run_one(runner, name, body, retry_delay_ms=1)

    assert seen == [{"x": 1}] * 3


def test_retry_delays_double_and_are_never_shorter_than_configured(runner, name):
    body, calls = failing_times(3)

    run_one(runner, name, body, retry_attempts=4, retry_delay_ms=40, retry_jitter=False)

    gaps = [(later - earlier) * 1000 for earlier, later in zip(calls, calls[1:])]
    assert all(gap >= delay - 1 for gap, delay in zip(gaps, [40, 80, 160]))


CONDITIONS = [
    ({"retry_condition": "never"}, ValueError("timeout"), 1),
    ({"retry_condition": "all"}, ValueError("bad input"), 2),
    ({"retry_condition": "transient"}, ValueError("bad input"), 1),
    ({"retry_condition": "transient"}, ValueError("Connection reset"), 2),
    ({"retry_condition": "transient"}, ValueError("service UNAVAILABLE"), 2),
    ({"retry_condition": "transient"}, TimeoutError("too slow"), 2),
]


@pytest.mark.parametrize(("options", "error", "made"), CONDITIONS)
def test_retry_condition_decides_which_errors_are_retried(runner, name, options, error, made):
    body, calls = failing_times(9, error)

    run_one(runner, name, body, retry_attempts=2, retry_delay_ms=1, **options)

    assert len(calls) == made


@pytest.mark.parametrize(("text", "made"), [("HTTP 429", 2), ("please SLOW down", 2), ("HTTP 500", 1)])
def test_an_error_pattern_matches_the_message_ignoring_case(runner, name, text, made):
    body, calls = failing_times(9, ValueError(text))
    policy = (
        cloaca.RetryPolicy.builder()
        .max_attempts(2)
        .initial_delay(0.001)
        .retry_condition(cloaca.RetryCondition.error_pattern(["429", "Slow Down"]))
        .build()
    )

    run_one(runner, name, body, retry=policy)

    assert len(calls) == made


def test_on_failure_is_called_after_every_failed_attempt_with_the_input(runner, name):
    notes = []

    run_one(
        runner,
        name,
        fail,
        retry_attempts=2,
        retry_delay_ms=1,
        on_failure=lambda task_id, error, ctx: notes.append((task_id, error, ctx.to_dict())),
        on_success=lambda *arguments: notes.append("success"),
    )

    assert notes == [("only", "Python task execution failed: ValueError: boom", {"x": 1})] * 2


def test_on_success_is_called_once_with_the_output(runner, name):
    notes = []
    body, _ = failing_times(1)

    run_one(
        runner, name, body, retry_delay_ms=1, on_success=lambda task_id, ctx: notes.append((task_id, ctx.to_dict()))
    )

    assert notes == [("only", {"x": 1})]


def test_an_exception_in_a_callback_does_not_change_the_outcome(runner, name):
    def broken(*arguments):
        raise RuntimeError("callback")

    assert run_one(runner, name, keep, on_success=broken).status == "Completed"
    result = run_one(runner, name, fail, retry_attempts=1, on_failure=broken)
    assert result.error_message.startswith("1 task(s) failed")


def test_no_callback_is_called_for_a_skipped_task(runner, name):
    notes = []
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(keep)
        cloaca.task(
            id="b",
            dependencies=["a"],
            trigger_rules=cloaca.task_failed("a"),
            on_success=lambda *arguments: notes.append("success"),
            on_failure=lambda *arguments: notes.append("failure"),
        )(keep)

    assert runner.execute(name, Context()).status == "Completed"
    assert notes == []


@pytest.mark.parametrize("waits", [True, False], ids=["waiting", "computing"])
def test_a_body_over_its_timeout_is_stopped_and_fails_without_calling_on_failure(name, waits):
    notes = []

    def body(ctx):
        if waits:
            time.sleep(600)
        while not waits:
            pass

    config = cloaca.DefaultRunnerConfig(task_timeout_seconds=1)
    with cloaca.DefaultRunner.with_config(":memory:", config) as runner:
        start = time.monotonic()
        result = run_one(runner, name, body, retry_attempts=1, on_failure=lambda *arguments: notes.append("failure"))

    assert result.status == "Failed"
    assert time.monotonic() - start >= 0.99
    assert notes == []


def test_a_timeout_is_retried_as_a_transient_error(name):
    calls = []

    def body(ctx):
        calls.append(1)
        if len(calls) == 1:
            time.sleep(600)
        return ctx

    config = cloaca.DefaultRunnerConfig(task_timeout_seconds=1)
    with cloaca.DefaultRunner.with_config(":memory:", config) as runner:
        result = run_one(runner, name, body, retry_attempts=2, retry_delay_ms=1, retry_condition="transient")

    assert result.status == "Completed"
    assert len(calls) == 2
