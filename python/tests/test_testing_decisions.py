"""Decisions of `cloaca.testing`: merges, rules and delays, with the tables that also test the engine."""

from __future__ import annotations

import json

import pytest
from cases import each, table

import cloaca
from cloaca import Context
from cloaca.testing import run_workflow
from cloaca.testing._decisions import retry_delay_ms
from cloaca.testing._merge import canonical, merged

RULES = table("rule-outcomes.json")["cases"]
DELAYS = table("retry-delays.json")["cases"]
NAMES = {name: getattr(cloaca, name) for name in cloaca.__all__}
OUTPUT = {"rows": 3, "tags": ["a", 1], "text": "hello", "none": None, "one": 1.0}

#: Titles of cases that do not apply, because Python writes equal numbers in one way and has a limited float range.
OTHER_SPELLINGS = {"1 and 1.0 are different elements", "numbers stay to the letter"}


def whole(text):
    """Returns a text of the table, which may be written as repeated parts."""
    return text if isinstance(text, str) else "".join(part * times for part, times in text["repeat"])


MERGES = [
    case
    for case in table("codec-cases.json")["merge"]
    if "result" in case and case["title"] not in OTHER_SPELLINGS and not any("hex" in each for each in case["jsons"])
]


@each(MERGES)
def test_contexts_are_merged_as_in_the_engine(case):
    result = merged([whole(text) for text in case["jsons"]])

    assert json.loads(result) == json.loads(whole(case["result"]))
    assert canonical(json.loads(result)) == canonical(json.loads(whole(case["result"])))
    assert list(json.loads(result)) == list(json.loads(whole(case["result"])))


def test_at_least_20_merges_are_compared():
    assert len(MERGES) >= 20


@each(RULES)
def test_a_trigger_rule_decides_as_in_the_engine_whether_a_task_runs(name, case):
    def fail(ctx):
        raise ValueError("boom")

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="ok")(lambda ctx: Context(OUTPUT))
        cloaca.task(id="bad", retry_attempts=1)(fail)
        cloaca.task(id="skip", trigger_rules=cloaca.any_of())(lambda ctx: ctx)
        rule = eval(case["python"], {**NAMES, "W": name})
        cloaca.task(id="end", dependencies=["ok", "bad", "skip"], trigger_rules=rule)(lambda ctx: ctx)

    run = run_workflow(name)

    assert run.tasks["end"].status == ("Completed" if case["runs"] else "Skipped")
    assert [run.tasks[task].status for task in ("ok", "bad", "skip")] == ["Completed", "Failed", "Skipped"]


@each(DELAYS)
@pytest.mark.parametrize("jitter", [False, True])
def test_retry_delays_are_those_of_the_engine_without_random_jitter(case, jitter):
    backoff = case["backoff"]
    strategies = {
        "fixed": lambda: cloaca.BackoffStrategy.fixed(),
        "linear": lambda: cloaca.BackoffStrategy.linear(backoff["multiplier"]),
        "exponential": lambda: cloaca.BackoffStrategy.exponential(backoff["base"], backoff["multiplier"]),
    }
    policy = (
        cloaca.RetryPolicy.builder()
        .max_attempts(len(case["delaysMs"]) + 1)
        .initial_delay(case["initialDelayMs"] / 1000)
        .max_delay(case["maxDelayMs"] / 1000)
        .backoff_strategy(strategies[backoff["kind"]]())
        .with_jitter(jitter)
        .build()
    )

    attempts = range(1, len(case["delaysMs"]) + 2)

    assert [retry_delay_ms(policy, each, "", False) for each in attempts] == [*case["delaysMs"], None]
