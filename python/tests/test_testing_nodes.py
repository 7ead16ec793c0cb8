"""`cloaca.testing.run_workflow`: nodes that wait, with the signals and approvals of the test."""

from __future__ import annotations

import pytest
from cases import each, table

import cloaca
from cloaca.testing import FakeClock, run_workflow

TEMPLATES = table("key-templates.json")


def keep(ctx):
    return ctx


def must_not_run(ctx):
    pytest.fail("this task was called")


def a_refund(name, **options):
    with cloaca.WorkflowBuilder(name):
        decided = cloaca.wait_for_signal("decided", signal="refund-decision", key="{order_id}", **options)
        cloaca.task(id="pay", dependencies=[decided])(lambda ctx: ctx)


def an_approval(name, **options):
    with cloaca.WorkflowBuilder(name):
        ok = cloaca.approval("ok", title="Refund {order_id}?", **options)
        cloaca.task(id="pay", dependencies=[ok])(lambda ctx: ctx)


def test_a_delay_jumps_on_the_clock_without_a_call_of_a_function(name):
    clock = FakeClock("2030-01-02T10:00:00Z")
    with cloaca.WorkflowBuilder(name):
        cool = cloaca.delay("cool", "24h")
        night = cloaca.delay("night", until="03:30", dependencies=[cool])
        cloaca.task(id="pay", dependencies=[night])(keep)

    run = run_workflow(name, {"order_id": 7}, clock=clock)

    assert run.status == "Completed"
    assert run.tasks["cool"].attempts == 0
    assert run.tasks["night"].output.to_dict() == {"order_id": 7}
    assert run.end_time == "2030-01-04T03:30:00.000+00:00"


@pytest.mark.parametrize(
    ("zone", "time", "start", "end"),
    [
        ("Europe/Berlin", "03:30", "2030-01-02T02:30:00Z", "2030-01-03T02:30:00.000+00:00"),
        ("Europe/Berlin", "03:30", "2030-01-02T02:29:59Z", "2030-01-02T02:30:00.000+00:00"),
        # The clock jumps from 02:00 to 03:00 on 31 March 2030, and from 03:00 to 02:00 on 27 October 2030.
        ("Europe/Berlin", "02:30", "2030-03-30T12:00:00Z", "2030-03-31T01:00:00.000+00:00"),
        ("Europe/Berlin", "02:30", "2030-10-26T12:00:00Z", "2030-10-27T00:30:00.000+00:00"),
        ("Europe/Berlin", "02:30", "2030-10-27T00:30:00Z", "2030-10-28T01:30:00.000+00:00"),
        ("Pacific/Auckland", "00:00", "2030-06-30T23:00:00Z", "2030-07-01T12:00:00.000+00:00"),
    ],
)
def test_a_delay_ends_when_the_clock_of_the_zone_next_shows_the_time(name, zone, time, start, end):
    with cloaca.WorkflowBuilder(name):
        cloaca.delay("night", until=time, timezone=zone)

    assert run_workflow(name, clock=FakeClock(start)).end_time == end


def test_a_signal_ends_the_wait_with_its_name_and_key_and_adds_its_payload(name):
    a_refund(name, timeout="3d")

    run = run_workflow(
        name,
        {"order_id": 7},
        signals=[
            {"name": "refund-decision", "key": "8", "payload": {"by": "Alan"}},
            {"name": "refund-decision", "key": "7", "payload": {"by": "Ada"}},
        ],
    )

    assert run.tasks["decided"].status == "Completed"
    assert run.final_context.to_dict() == {"order_id": 7, "decided": {"by": "Ada"}}
    assert run.start_time == run.end_time


def test_each_signal_ends_one_wait_the_first_signals_first(name):
    with cloaca.WorkflowBuilder(name):
        one = cloaca.wait_for_signal("one", signal="go")
        two = cloaca.wait_for_signal("two", signal="go", dependencies=[one])
        cloaca.wait_for_signal("three", signal="go", dependencies=[two], timeout="1h", on_timeout="continue")

    run = run_workflow(name, signals=[{"name": "go", "payload": 1}, {"name": "go"}])

    assert run.final_context.to_dict() == {"one": 1, "two": None, "three": None}
    assert run.end_time == "2000-01-01T01:00:00.000+00:00"


@pytest.mark.parametrize(
    ("options", "status", "error_type", "after"),
    [
        ({"timeout": "3d"}, "Failed", "WaitTimeout", "Skipped"),
        ({"timeout": "3d", "on_timeout": "fail"}, "Failed", "WaitTimeout", "Skipped"),
        ({"timeout": "3d", "on_timeout": "skip"}, "Skipped", "WaitTimeout", "Skipped"),
        ({"timeout": "3d", "on_timeout": "continue"}, "Completed", None, "Completed"),
    ],
)
@pytest.mark.parametrize(("declare", "node"), [(a_refund, "decided"), (an_approval, "ok")])
def test_a_wait_without_its_event_times_out_on_the_clock(name, declare, node, options, status, error_type, after):
    declare(name, **options)

    run = run_workflow(name, {"order_id": 7})

    assert (run.tasks[node].status, run.tasks[node].error_type) == (status, error_type)
    assert run.tasks["pay"].status == after
    assert run.end_time == "2000-01-04T00:00:00.000+00:00"
    assert run.status == ("Failed" if status == "Failed" else "Completed")


def test_a_failed_wait_stops_everything_after_it_except_tasks_with_rules(name):
    with cloaca.WorkflowBuilder(name):
        decided = cloaca.wait_for_signal("decided", signal="go", timeout="1h")
        cloaca.task(id="pay", dependencies=[decided])(must_not_run)
        cloaca.task(id="mail", dependencies=["pay"])(must_not_run)
        cloaca.delay("cool", "1h", dependencies=["mail"])
        cloaca.task(id="tidy", dependencies=["pay"], trigger_rules=cloaca.task_skipped("pay"))(keep)
        cloaca.task(id="last", dependencies=["tidy"])(keep)

    run = run_workflow(name)

    statuses = {task_id: task.status for task_id, task in run.tasks.items()}
    assert statuses == {
        "decided": "Failed",
        "pay": "Skipped",
        "mail": "Skipped",
        "cool": "Skipped",
        "tidy": "Completed",
        "last": "Completed",
    }
    assert run.tasks["mail"].error == ('Task "mail" was skipped, because node "decided" before it did not complete.')
    assert run.tasks["mail"].error_type == "WaitNotCompleted"


@pytest.mark.parametrize(
    ("answer", "values", "note"),
    [
        (True, {}, None),
        ({"approved": True}, {}, None),
        ({"approved": True, "values": {"amount": 1.0}, "note": "fine"}, {"amount": 1.0}, "fine"),
    ],
)
def test_an_approval_adds_the_answer_of_the_test(name, answer, values, note):
    an_approval(name)

    run = run_workflow(name, {"order_id": 7}, clock=FakeClock("2030-01-02T00:00:00Z"), approvals={"ok": answer})

    added = run.final_context["ok"]
    assert added == {"approved": True, "values": values, "by": "test", "at": 1_893_542_400_000, "note": note}


@pytest.mark.parametrize("answer", [False, {"approved": False, "note": "too much"}])
def test_a_rejection_fails_the_node_and_stops_the_tasks_after_it(name, answer):
    an_approval(name)

    run = run_workflow(name, {"order_id": 7}, approvals={"ok": answer})

    assert run.status == "Failed"
    assert run.tasks["ok"].error_type == "ApprovalRejected"
    assert run.tasks["pay"].status == "Skipped"


def test_an_unanswered_wait_without_a_timeout_fails_the_test_by_name(name):
    a_refund(name)

    with pytest.raises(AssertionError) as failed:
        run_workflow(name, {"order_id": 7}, signals=[{"name": "refund-decision", "key": "8"}])

    assert str(failed.value) == (
        f"node 'decided' of workflow '{name}' has no timeout and still waits for signal 'refund-decision' with key "
        "'7': pass signals=[{'name': 'refund-decision', 'key': '7', 'payload': None}]. "
        "The test sends other signals: 'refund-decision' with key '8'."
    )


def test_an_unanswered_approval_without_a_timeout_fails_the_test_by_name(name):
    an_approval(name)

    with pytest.raises(AssertionError, match=r"node 'ok' .* still waits for an answer: pass approvals={'ok': True}"):
        run_workflow(name)


def test_a_fake_replaces_a_node(name):
    a_refund(name)

    run = run_workflow(name, {"order_id": 7}, tasks={"decided": {"decided": {"by": "Ada"}}})

    assert run.final_context["decided"] == {"by": "Ada"}


@each(TEMPLATES["filled"], "template")
def test_a_key_is_filled_with_values_of_the_input(name, case):
    with cloaca.WorkflowBuilder(name):
        cloaca.wait_for_signal("node", signal="go", key=case["template"])

    run = run_workflow(name, case["context"], signals=[{"name": "go", "key": case["text"], "payload": 1}])

    assert run.final_context["node"] == 1


@each(TEMPLATES["unfilled"], "template")
def test_a_key_without_its_value_fails_the_node(name, case):
    with cloaca.WorkflowBuilder(name):
        cloaca.wait_for_signal("node", signal="go", key=case["template"])

    run = run_workflow(name, case["context"])

    assert run.tasks["node"].error_type == "WaitKeyError"
    assert run.tasks["node"].error == f'Node "node" has no valid key: {case["reason"]}.'


@pytest.mark.parametrize(("length", "status"), [(256, "Completed"), (257, "Failed")])
def test_a_key_has_at_most_512_bytes(name, length, status):
    a_refund(name)
    key = "é" * length

    run = run_workflow(name, {"order_id": key}, signals=[{"name": "refund-decision", "key": key}])

    assert run.tasks["decided"].status == status


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"signals": "go"}, TypeError, "argument 'signals': expected list"),
        ({"signals": ["go"]}, TypeError, r"argument 'signals\[0\]': expected dict, got str"),
        ({"signals": [{"key": "7"}]}, ValueError, r"argument 'signals\[0\]' has no 'name'"),
        ({"signals": [{"name": "go", "keys": "7"}]}, ValueError, "unknown key 'keys'. Did you mean 'key'"),
        ({"signals": [{"name": "go", "key": 7}]}, TypeError, "expected str, got int"),
        ({"signals": [{"name": "go", "payload": object()}]}, TypeError, "unsupported type"),
        ({"approvals": [True]}, TypeError, "argument 'approvals': expected dict of answers by node id"),
        ({"approvals": {"okk": True}}, ValueError, "has no approval 'okk'. Did you mean 'ok'"),
        ({"approvals": {"pay": True}}, ValueError, "has no approval 'pay'. Known names: 'ok'"),
        ({"approvals": {"ok": 1}}, TypeError, r"argument 'approvals\['ok'\]': expected dict, got int"),
        ({"approvals": {"ok": {"values": {}}}}, ValueError, "has no 'approved'"),
        ({"approvals": {"ok": {"approved": "yes"}}}, TypeError, "expected bool, got str"),
        ({"approvals": {"ok": {"approved": True, "values": [1]}}}, TypeError, "expected dict, got list"),
    ],
)
def test_wrong_events_are_refused(name, arguments, error, message):
    an_approval(name)

    with pytest.raises(error, match=message):
        run_workflow(name, **arguments)
