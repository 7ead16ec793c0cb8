"""Trigger rules in runs: whether a task runs, and what a skipped task means for the others."""

from __future__ import annotations

import pytest
from cases import each, table
from engine import NO_RETRY, fail, keep, needs_engine

import cloaca
from cloaca import Context

pytestmark = needs_engine

CASES = table("rule-outcomes.json")["cases"]

NAMES = {name: getattr(cloaca, name) for name in cloaca.__all__}

OUTPUT = {"rows": 3, "tags": ["a", 1], "text": "hello", "none": None, "one": 1.0}


@pytest.fixture(scope="module")
def runner():
    with cloaca.DefaultRunner(":memory:") as opened:
        yield opened


@each(CASES)
def test_a_rule_decides_whether_a_task_runs(runner, name, case):
    ran = []

    def end(ctx):
        ran.append(True)
        return ctx

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="ok")(lambda ctx: Context(OUTPUT))
        cloaca.task(id="bad", **NO_RETRY)(fail)
        cloaca.task(id="skip", trigger_rules=cloaca.any_of())(keep)
        rule = eval(case["python"], {**NAMES, "W": name})
        cloaca.task(id="end", dependencies=["ok", "bad", "skip"], trigger_rules=rule)(end)
        cloaca.task(id="later", dependencies=["end"])(keep)

    result = runner.execute(name, Context())

    assert bool(ran) is case["runs"]
    completed, skipped = (3, 1) if case["runs"] else (2, 2)
    assert result.error_message.startswith(f"1 task(s) failed, {completed} completed, {skipped} skipped")


def test_a_run_with_skipped_tasks_only_is_completed_with_its_initial_context(runner, name):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a", trigger_rules=cloaca.any_of())(keep)

    result = runner.execute(name, Context({"x": 1}))

    assert (result.status, result.error_message) == ("Completed", None)
    assert result.final_context.to_dict() == {"x": 1}


def test_a_skip_does_not_spread(runner, name):
    seen = []

    def after(ctx):
        seen.append(ctx.to_dict())
        return ctx

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a", trigger_rules=cloaca.any_of())(keep)
        cloaca.task(id="b", dependencies=["a"])(after)

    assert runner.execute(name, Context({"x": 1})).status == "Completed"
    assert seen == [{}]


def test_a_rule_of_a_root_looks_at_the_initial_context(runner, name):
    ran = []
    with cloaca.WorkflowBuilder(name):
        for key in ("there", "absent"):
            rule = cloaca.context_value(key, "exists", None)
            cloaca.task(id=key, trigger_rules=rule)(lambda ctx, key=key: ran.append(key))

    runner.execute(name, Context({"there": None}))

    assert ran == ["there"]


def test_a_failure_is_handled_by_a_task_that_asks_for_it(runner, name):
    ran = []
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="fetch", **NO_RETRY)(fail)
        cloaca.task(id="alarm", dependencies=["fetch"], trigger_rules=cloaca.task_failed("fetch"))(
            lambda ctx: ran.append("alarm")
        )
        cloaca.task(id="load", dependencies=["fetch"], trigger_rules=cloaca.task_success("fetch"))(
            lambda ctx: ran.append("load")
        )

    result = runner.execute(name, Context())

    assert ran == ["alarm"]
    assert result.status == "Failed"
