"""Retry policies: settings, delays, and retry keywords of `task`."""

from __future__ import annotations

import pytest
from cases import each, table

import cloaca
from cloaca._declarations import wire as _wire

DELAYS = table("retry-delays.json")["cases"]

REPRS = [
    (cloaca.RetryPolicy.default(), "RetryPolicy(max_attempts=3, initial_delay=1s, max_delay=60s, jitter=true)"),
    (
        cloaca.RetryPolicy.builder().initial_delay(0.25).with_jitter(False).build(),
        "RetryPolicy(max_attempts=3, initial_delay=0.25s, max_delay=60s, jitter=false)",
    ),
    (cloaca.BackoffStrategy.fixed(), "BackoffStrategy.Fixed"),
    (cloaca.BackoffStrategy.linear(1.5), "BackoffStrategy.Linear(multiplier=1.5)"),
    (cloaca.BackoffStrategy.exponential(2), "BackoffStrategy.Exponential(base=2, multiplier=1)"),
    (cloaca.BackoffStrategy.exponential(2.5, 3.0), "BackoffStrategy.Exponential(base=2.5, multiplier=3)"),
    (cloaca.RetryCondition.never(), "RetryCondition.Never"),
    (cloaca.RetryCondition.transient_only(), "RetryCondition.TransientOnly"),
    (cloaca.RetryCondition.all_errors(), "RetryCondition.AllErrors"),
    (cloaca.RetryCondition.error_pattern(["a", "b"]), 'RetryCondition.ErrorPattern(patterns=["a", "b"])'),
]


def backoff_of(wire):
    kind = wire["kind"]
    if kind == "fixed":
        return cloaca.BackoffStrategy.fixed()
    if kind == "linear":
        return cloaca.BackoffStrategy.linear(wire["multiplier"])
    return cloaca.BackoffStrategy.exponential(wire["base"], wire["multiplier"])


def retry_wire(name, **keywords):
    """Declares a task with these keywords, and returns the retry policy that the engine receives."""
    with cloaca.WorkflowBuilder(name) as builder:

        @cloaca.task(**keywords)
        def only(ctx):
            return ctx

        workflow = builder.build()
    return _wire.workflow_wire(name, workflow._declaration)["tasks"][0]["retry"]


@each(DELAYS)
def test_the_retry_delay_follows_the_backoff_strategy(case):
    policy = (
        cloaca.RetryPolicy.builder()
        .initial_delay(case["initialDelayMs"] / 1000)
        .max_delay(case["maxDelayMs"] / 1000)
        .backoff_strategy(backoff_of(case["backoff"]))
        .with_jitter(False)
        .build()
    )

    delays = [policy.calculate_delay(attempt) * 1000 for attempt in range(1, len(case["delaysMs"]) + 1)]

    assert delays == pytest.approx(case["delaysMs"])


def test_jitter_varies_a_delay_by_up_to_25_percent_and_may_exceed_the_maximum():
    policy = cloaca.RetryPolicy.builder().initial_delay(10).max_delay(10).build()

    delays = [policy.calculate_delay(1) for _ in range(400)]

    assert 7.5 <= min(delays) < 9
    assert 11 < max(delays) <= 12.5


def test_calculating_jitter_does_not_change_the_random_numbers_of_the_program():
    import random

    random.seed(7)
    expected = random.random()
    random.seed(7)

    cloaca.RetryPolicy.default().calculate_delay(1)

    assert random.random() == expected


def test_a_policy_has_its_settings_as_attributes():
    policy = cloaca.RetryPolicy.builder().max_attempts(5).initial_delay(0.25).max_delay(10).with_jitter(False).build()

    assert (policy.max_attempts, policy.initial_delay, policy.max_delay, policy.with_jitter) == (5, 0.25, 10.0, False)
    assert type(policy.max_delay) is float


def test_the_default_policy_has_three_attempts():
    policy = cloaca.RetryPolicy.default()

    assert (policy.max_attempts, policy.initial_delay, policy.max_delay, policy.with_jitter) == (3, 1.0, 60.0, True)


def test_a_builder_method_returns_a_new_builder_and_keeps_the_old_one_unchanged():
    builder = cloaca.RetryPolicy.builder()

    changed = builder.max_attempts(9)

    assert changed is not builder
    assert builder.build().max_attempts == 3
    assert changed.build().max_attempts == 9


def test_should_retry_is_true_while_fewer_than_max_attempts_were_made():
    policy = cloaca.RetryPolicy.builder().max_attempts(3).retry_condition(cloaca.RetryCondition.never()).build()

    assert [policy.should_retry(attempt, "whatever") for attempt in (1, 2, 3, 4)] == [True, True, False, False]


@pytest.mark.parametrize(("thing", "expected"), REPRS)
def test_the_repr_of_a_policy_and_of_its_parts_is_as_documented(thing, expected):
    assert repr(thing) == expected


def test_a_task_without_retry_options_has_the_default_policy(name):
    assert retry_wire(name) == {
        "maxAttempts": 3,
        "backoff": {"kind": "exponential", "base": 2.0, "multiplier": 1.0},
        "initialDelayMs": 1000,
        "maxDelayMs": 60000,
        "jitter": True,
        "condition": {"kind": "all"},
    }


def test_each_retry_keyword_replaces_its_part_of_the_default_policy(name):
    wire = retry_wire(
        name,
        retry_attempts=0,
        retry_backoff="linear",
        retry_delay_ms=7,
        retry_max_delay_ms=70,
        retry_condition="transient",
        retry_jitter=False,
    )

    assert wire == {
        "maxAttempts": 0,
        "backoff": {"kind": "linear", "multiplier": 1.0},
        "initialDelayMs": 7,
        "maxDelayMs": 70,
        "jitter": False,
        "condition": {"kind": "transient"},
    }


@pytest.mark.parametrize("backoff", ["fixed", "linear", "exponential"])
def test_retry_backoff_accepts_every_backoff_strategy(name, backoff):
    assert retry_wire(name, retry_backoff=backoff)["backoff"]["kind"] == backoff


@pytest.mark.parametrize("condition", ["never", "transient", "all"])
def test_retry_condition_accepts_never_transient_and_all(name, condition):
    assert retry_wire(name, retry_condition=condition)["condition"] == {"kind": condition}


def test_a_policy_object_sets_all_retry_options(name):
    policy = (
        cloaca.RetryPolicy.builder()
        .max_attempts(4)
        .initial_delay(0.0005)
        .max_delay(2)
        .backoff_strategy(cloaca.BackoffStrategy.fixed())
        .retry_condition(cloaca.RetryCondition.error_pattern(["429"]))
        .with_jitter(False)
        .build()
    )

    assert retry_wire(name, retry=policy) == {
        "maxAttempts": 4,
        "backoff": {"kind": "fixed"},
        "initialDelayMs": 0.5,
        "maxDelayMs": 2000,
        "jitter": False,
        "condition": {"kind": "pattern", "patterns": ["429"]},
    }
