"""Every misuse that the reference names and that needs no engine: type and text of the exception."""

from __future__ import annotations

import builtins

import pytest
from cases import each, table

import cloaca

MISUSES = table("python-misuse.json")


def check(case):
    def keep(ctx):
        return ctx

    with pytest.raises(getattr(builtins, case["raises"])) as caught:
        exec(case["code"], {"cloaca": cloaca, "keep": keep})

    assert type(caught.value) is getattr(builtins, case["raises"])
    message = str(caught.value.args[0]) if caught.value.args else ""
    assert [text for text in case["text"] if text not in message] == []


@each(MISUSES["triggers"])
def test_a_misuse_of_triggers_raises(case):
    check(case)


@each(MISUSES["tasks"])
def test_a_misuse_of_tasks_and_rules_raises(case):
    check(case)


@each(MISUSES["workflows"])
def test_a_misuse_of_workflows_raises(case):
    check(case)


@each(MISUSES["context"])
def test_a_misuse_of_contexts_raises(case):
    check(case)


@each(MISUSES["runner"])
def test_a_misuse_of_runners_raises(case):
    check(case)


@each(MISUSES["graphs"])
def test_a_misuse_of_graphs_raises(case):
    check(case)


@each(MISUSES["tenants"])
def test_a_misuse_of_tenants_raises(case):
    check(case)


NO_TEXT = "a\ud800"


def _in_block(declare):
    with cloaca.WorkflowBuilder("w"):
        declare()


def _named():
    def function(ctx):
        return ctx

    function.__name__ = NO_TEXT
    return function


WITH_A_LONE_SURROGATE = {
    "a workflow": lambda: cloaca.WorkflowBuilder(NO_TEXT),
    "a tenant": lambda: cloaca.WorkflowBuilder("w", tenant=NO_TEXT),
    "a package": lambda: cloaca.WorkflowBuilder("w", package=NO_TEXT),
    "a description": lambda: cloaca.WorkflowBuilder("w").description(NO_TEXT),
    "a tag": lambda: cloaca.WorkflowBuilder("w").tag("key", NO_TEXT),
    "a task": lambda: _in_block(lambda: cloaca.task(id=NO_TEXT)(lambda ctx: ctx)),
    "a task's function": lambda: _in_block(lambda: cloaca.task()(_named())),
    "a dependency": lambda: _in_block(lambda: cloaca.task(id="a", dependencies=[NO_TEXT])(lambda ctx: ctx)),
    "a rule's task": lambda: cloaca.task_success(NO_TEXT),
    "a rule's key": lambda: cloaca.context_value(NO_TEXT, "eq", 1),
    "a rule that is a dict": lambda: cloaca.task(trigger_rules={"type": "TaskFailed", "task_name": NO_TEXT}),
    "a trigger": lambda: cloaca.trigger(on="w", name=NO_TEXT),
    "a trigger's function": lambda: cloaca.trigger(on="w")(_named()),
    "a trigger's workflow": lambda: cloaca.trigger(on=NO_TEXT),
    "a trigger's workflow by its older name": lambda: cloaca.trigger(workflow=NO_TEXT),
    "a cron expression": lambda: cloaca.trigger(on="w", cron=NO_TEXT),
    "a reactor": lambda: cloaca.reactor(name=NO_TEXT, accumulators=["a"]),
    "a reactor's source": lambda: cloaca.reactor(name="r", accumulators=[NO_TEXT]),
    "a source": lambda: cloaca.passthrough_accumulator(_named()),
    "a graph": lambda: cloaca.ComputationGraphBuilder(NO_TEXT, graph={"a": {}}),
    "a node": lambda: cloaca.ComputationGraphBuilder("g", graph={NO_TEXT: {}}),
    "a full name": lambda: cloaca.TaskNamespace("t", "p", "w", NO_TEXT),
    "a key of a context": lambda: cloaca.Context().get(NO_TEXT),
    "a variable": lambda: cloaca.var(NO_TEXT),
    "a database": lambda: cloaca.DefaultRunner(NO_TEXT),
}


@pytest.mark.parametrize("call", WITH_A_LONE_SURROGATE.values(), ids=WITH_A_LONE_SURROGATE)
def test_no_name_has_a_lone_surrogate(call):
    """As context values do; and no database could keep it."""
    with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
        call()


def test_why_a_trigger_skips_may_have_one():
    """It is shown, and looked up nowhere."""
    assert not cloaca.TriggerResult.skip(NO_TEXT).is_fire_result()
