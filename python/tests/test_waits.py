"""`wait_for_signal` and `approval`: the declarations of nodes that wait for events and people."""

from __future__ import annotations

import pytest
from cases import each, table

import cloaca
from cloaca._declarations import ledger
from cloaca._declarations.wire import workflow_wire
from cloaca._values.key_template import parse_template

FORM = {"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]}


def tasks_of(key):
    declared = ledger.current().workflows[key]
    return {task["id"]: task for task in workflow_wire(key, declared)["tasks"]}


def test_a_wait_for_a_signal_has_its_signal_key_and_limit():
    with cloaca.WorkflowBuilder("refund"):
        prepare = cloaca.task(id="prepare")(lambda ctx: ctx)
        decided = cloaca.wait_for_signal(
            "decided", signal="refund-decision", key="{order_id}", timeout="3d", dependencies=[prepare, "prepare"]
        )
        cloaca.task(id="pay", dependencies=[decided])(lambda ctx: ctx)

    tasks = tasks_of("refund")

    assert repr(decided) == "WaitNode(id='decided')"
    assert tasks["decided"]["dependencies"] == ["prepare"]
    assert tasks["decided"]["hasOwnRule"] is False
    assert tasks["decided"]["wait"] == {
        "kind": "signal",
        "signal": "refund-decision",
        "key": "{order_id}",
        "timeoutMs": 259_200_000,
        "onTimeout": "fail",
    }
    assert tasks["pay"]["dependencies"] == ["decided"]
    assert tasks["pay"]["wait"] is None


@pytest.mark.parametrize("key", ["{{" + "é" * 255 + "}}", "k" * 512 + "{order_id}"])
def test_a_key_may_have_512_bytes_without_its_values(key):
    with cloaca.WorkflowBuilder("longest"):
        cloaca.wait_for_signal("decided", signal="s", key=key)

    assert tasks_of("longest")["decided"]["wait"]["key"] == key


def test_a_workflow_may_consist_of_nodes_only():
    with cloaca.WorkflowBuilder("nodes") as builder:
        go = cloaca.wait_for_signal("go", signal="go")
        ok = cloaca.approval("ok", title="Go on?", dependencies=[go], trigger_rules=cloaca.task_success("go"))
        cloaca.delay("rest", "1h", dependencies=[ok])

    tasks = tasks_of("nodes")

    assert list(tasks) == ["go", "ok", "rest"]
    assert tasks["go"]["wait"] == {
        "kind": "signal",
        "signal": "go",
        "key": "",
        "timeoutMs": None,
        "onTimeout": "fail",
    }
    assert tasks["ok"]["hasOwnRule"] is True
    assert builder.build().get_leaves() == ["public::embedded::nodes::rest"]


@pytest.mark.parametrize("on_timeout", ["fail", "skip", "continue"])
def test_an_approval_has_its_title_form_and_limit(on_timeout):
    with cloaca.WorkflowBuilder("approved"):
        cloaca.approval("ok", title="Refund {order_id}?", form=FORM, timeout="36h", on_timeout=on_timeout)

    assert tasks_of("approved")["ok"]["wait"] == {
        "kind": "approval",
        "title": "Refund {order_id}?",
        "form": FORM,
        "timeoutMs": 129_600_000,
        "onTimeout": on_timeout,
    }


def test_a_form_is_copied_when_the_approval_is_declared():
    form = {"type": "object", "properties": {"amount": {"type": "number"}}}

    with cloaca.WorkflowBuilder("copied"):
        cloaca.approval("ok", title="Go on?", form=form)
    form["properties"]["amount"]["type"] = "string"

    assert tasks_of("copied")["ok"]["wait"]["form"]["properties"]["amount"] == {"type": "number"}


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({}, TypeError, "signal"),
        ({"signal": ""}, ValueError, "1 to 512 bytes of UTF-8, got 0 bytes"),
        ({"signal": "é" * 257}, ValueError, "1 to 512 bytes of UTF-8, got 514 bytes"),
        ({"signal": 7}, TypeError, "argument 'signal': expected str, got int"),
        ({"signal": "s\0"}, ValueError, "U\\+0000"),
        ({"signal": "s", "key": 7}, TypeError, "argument 'key': expected str, got int"),
        (
            {"signal": "s", "key": "{order_id"},
            ValueError,
            'Invalid key: the template "{order_id" has a single "{": write "{{"',
        ),
        ({"signal": "s", "key": "{}"}, ValueError, 'has a single "{"'),
        (
            {"signal": "s", "key": "é" * 257},
            ValueError,
            "Invalid key: the key has 514 bytes, but at most 512 are allowed",
        ),
        ({"signal": "s", "key": "{{" + "k" * 512 + "{n}"}, ValueError, "the key has 513 bytes"),
        ({"signal": "s", "timeout": "soon"}, ValueError, "Invalid timeout 'soon'"),
        ({"signal": "s", "timeout": "0s"}, ValueError, "omit it to wait without a limit"),
        ({"signal": "s", "timeout": 3}, TypeError, "argument 'timeout': expected str, got int"),
        ({"signal": "s", "timeout": "1h", "on_timeout": "retry"}, ValueError, 'unknown on_timeout "retry"'),
        ({"signal": "s", "on_timeout": "skip"}, ValueError, "`on_timeout` requires `timeout`"),
        ({"signal": "s", "dependencies": "prepare"}, TypeError, "argument 'dependencies': expected list, got str"),
        ({"signal": "s", "dependencies": [7]}, ValueError, "Dependency 0 must be"),
        ({"signal": "s", "trigger_rules": "always"}, ValueError, "invalid trigger rule"),
        ({"signal": "s", "time_out": "3d"}, TypeError, "Did you mean 'timeout'"),
    ],
)
def test_a_malformed_wait_for_a_signal_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        with cloaca.WorkflowBuilder("refused"):
            cloaca.wait_for_signal("decided", **given)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({}, TypeError, "title"),
        ({"title": " "}, ValueError, "cannot be empty"),
        ({"title": "Refund {order_id?"}, ValueError, 'Invalid title: the template "Refund {order_id'),
        ({"title": "t", "form": ["amount"]}, TypeError, "argument 'form': expected dict, got list"),
        ({"title": "t", "form": {}}, ValueError, 'its "type" must be "object", but it has none'),
        ({"title": "t", "form": {"type": "array"}}, ValueError, "must be \"object\", got 'array'"),
        (
            {"title": "t", "form": {"type": "object", "properties": ["amount"]}},
            ValueError,
            '"properties" must be a dict',
        ),
        ({"title": "t", "form": {"type": "object", "properties": {"amount": "number"}}}, ValueError, '"properties"'),
        ({"title": "t", "form": {"type": "object", "required": "amount"}}, ValueError, '"required" must be a list'),
        ({"title": "t", "form": {"type": "object", "default": object()}}, TypeError, "default"),
        ({"title": "t", "timeout": "1h", "on_timeout": "approve"}, ValueError, 'unknown on_timeout "approve"'),
    ],
)
def test_a_malformed_approval_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        with cloaca.WorkflowBuilder("refused"):
            cloaca.approval("ok", **given)


@pytest.mark.parametrize(
    "declare",
    [lambda: cloaca.wait_for_signal("decided", signal="s"), lambda: cloaca.approval("ok", title="t")],
)
def test_a_node_needs_an_open_block(declare):
    with pytest.raises(ValueError, match="No workflow context"):
        declare()


def test_an_unknown_node_among_the_dependencies_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match="Did you mean 'decided'"):
        with cloaca.WorkflowBuilder("misspelled"):
            cloaca.wait_for_signal("decided", signal="s")
            cloaca.task(id="pay", dependencies=["decidd"])(lambda ctx: ctx)


@each(table("key-templates.json")["malformed"], "template")
def test_a_malformed_template_is_refused(case):
    with pytest.raises(ValueError) as refused:
        parse_template(case["template"])

    assert str(refused.value) == case["reason"]
