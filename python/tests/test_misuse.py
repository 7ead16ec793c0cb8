"""Type and message of the exceptions that the reference documents for misuses. No engine is needed."""

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
def test_a_misuse_of_triggers_raises_the_documented_exception(case):
    check(case)


@each(MISUSES["tasks"])
def test_a_misuse_of_tasks_and_rules_raises_the_documented_exception(case):
    check(case)


@each(MISUSES["workflows"])
def test_a_misuse_of_workflows_raises_the_documented_exception(case):
    check(case)


@each(MISUSES["context"])
def test_a_misuse_of_contexts_raises_the_documented_exception(case):
    check(case)


@each(MISUSES["runner"])
def test_a_misuse_of_runners_raises_the_documented_exception(case):
    check(case)


@each(MISUSES["graphs"])
def test_a_misuse_of_graphs_raises_the_documented_exception(case):
    check(case)


@each(MISUSES["tenants"])
def test_a_misuse_of_tenants_raises_the_documented_exception(case):
    check(case)


def _in_block(declare):
    with cloaca.WorkflowBuilder("w"):
        declare()


def _named(name):
    def function(ctx):
        return ctx

    function.__name__ = name
    return function


def _task(**keywords):
    return cloaca.task(**keywords)(lambda ctx: ctx)


NAMES = {
    "a workflow": lambda name: cloaca.WorkflowBuilder(name),
    "a workflow's key": lambda name: cloaca.WorkflowBuilder("w", workflow=name),
    "a workflow's alias": lambda name: cloaca.register_workflow_constructor(name, dict),
    "a tenant": lambda name: cloaca.WorkflowBuilder("w", tenant=name),
    "a package": lambda name: cloaca.WorkflowBuilder("w", package=name),
    "a task": lambda name: _in_block(lambda: _task(id=name)),
    "a task's function": lambda name: _in_block(lambda: cloaca.task()(_named(name))),
    "a dependency": lambda name: _in_block(lambda: _task(id="a", dependencies=[name])),
    "a rule's task": cloaca.task_success,
    "a rule that is a dict": lambda name: cloaca.task(trigger_rules={"type": "TaskFailed", "task_name": name}),
    "a trigger": lambda name: cloaca.trigger(on="w", name=name),
    "a trigger's function": lambda name: cloaca.trigger(on="w")(_named(name)),
    "a trigger's workflow": lambda name: cloaca.trigger(on=name),
    "a trigger's workflow by its older name": lambda name: cloaca.trigger(workflow=name),
    "a reactor": lambda name: cloaca.reactor(name=name, accumulators=["a"]),
    "a reactor's source": lambda name: cloaca.reactor(name="r", accumulators=[name]),
    "a source": lambda name: cloaca.passthrough_accumulator(_named(name)),
    "a graph": lambda name: cloaca.ComputationGraphBuilder(name, graph={"a": {}}),
    "a node": lambda name: cloaca.ComputationGraphBuilder("g", graph={name: {}}),
    "a full name": lambda name: cloaca.TaskNamespace("t", "p", "w", name),
}

TEXTS = {
    "a description": lambda text: cloaca.WorkflowBuilder("w").description(text),
    "a tag": lambda text: cloaca.WorkflowBuilder("w").tag("key", text),
    "a rule's key": lambda text: cloaca.context_value(text, "eq", 1),
    "a cron expression": lambda text: cloaca.trigger(on="w", cron=text),
    "a key of a context": lambda text: cloaca.Context().get(text),
}

OTHERS = {
    "a variable": cloaca.var,
    "a database": lambda text: cloaca.DefaultRunner(text),
}

ALL_TEXTS = {**NAMES, **TEXTS, **OTHERS}


@pytest.mark.parametrize("call", ALL_TEXTS.values(), ids=ALL_TEXTS)
def test_every_text_argument_refuses_a_lone_surrogate(call):
    # Neither databases nor contexts can store lone surrogates.
    with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
        call("a\ud800")


@pytest.mark.parametrize("call", NAMES.values(), ids=NAMES)
def test_names_with_u0000_raise_value_error(call):
    # PostgreSQL cannot store U+0000.
    with pytest.raises(ValueError, match=r"^argument '.+': a name cannot contain U\+0000, got 'a\\x00'$"):
        call("a\0")


@pytest.mark.parametrize("call", TEXTS.values(), ids=TEXTS)
def test_other_texts_may_contain_u0000(call):
    # These texts are stored as JSON, or are not compared with other texts.
    call("a\0")


def test_the_reason_of_a_skip_may_contain_u0000_and_lone_surrogates():
    # The reason is only displayed.
    assert not cloaca.TriggerResult.skip("a\ud800\0").is_fire_result()
