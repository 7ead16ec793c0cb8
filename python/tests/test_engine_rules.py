"""Trigger rules in the engine: decisions about tasks, and effects of skipped tasks on other tasks."""

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
def test_a_trigger_rule_decides_whether_a_task_runs(runner, name, case):
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


def test_an_execution_with_only_skipped_tasks_completes_with_its_initial_context(runner, name):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a", trigger_rules=cloaca.any_of())(keep)

    result = runner.execute(name, Context({"x": 1}))

    assert (result.status, result.error_message) == ("Completed", None)
    assert result.final_context.to_dict() == {"x": 1}


def test_a_task_runs_after_its_dependency_was_skipped(runner, name):
    seen = []

    def after(ctx):
        seen.append(ctx.to_dict())
        return ctx

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a", trigger_rules=cloaca.any_of())(keep)
        cloaca.task(id="b", dependencies=["a"])(after)

    assert runner.execute(name, Context({"x": 1})).status == "Completed"
    assert seen == [{}]


def test_the_rule_of_a_root_task_is_evaluated_on_the_initial_context(runner, name):
    ran = []
    with cloaca.WorkflowBuilder(name):
        for key in ("there", "absent"):
            rule = cloaca.context_value(key, "exists", None)
            cloaca.task(id=key, trigger_rules=rule)(lambda ctx, key=key: ran.append(key))

    runner.execute(name, Context({"there": None}))

    assert ran == ["there"]


def test_a_task_failed_rule_runs_its_task_only_after_a_failure(runner, name):
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
