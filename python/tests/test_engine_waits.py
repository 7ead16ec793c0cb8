"""Nodes that wait, and `DefaultRunner.signal`, in a runner."""

from __future__ import annotations

import pytest
from engine import needs_engine

import cloaca
from cloaca import Context
from cloaca.testing import run_workflow

pytestmark = needs_engine


def a_refund(name, **options):
    with cloaca.WorkflowBuilder(name):
        prepare = cloaca.task(id="prepare")(lambda ctx: ctx)
        decided = cloaca.wait_for_signal(
            "decided", signal=name, key="{order_id}", dependencies=[prepare], **{"timeout": "60s", **options}
        )
        cool = cloaca.delay("cool", "1ms", dependencies=[decided])
        cloaca.task(id="pay", dependencies=[cool])(lambda ctx: ctx)


def test_a_kept_signal_ends_the_wait_that_opens_later_with_its_payload(runner, name):
    a_refund(name)

    kept = runner.signal(name, key="7", payload={"by": "Ada", "n": 1.0})
    result = runner.execute(name, Context({"order_id": 7}))

    assert (kept["state"], kept["executions"]) == ("kept", [])
    assert result.status == "Completed"
    assert result.final_context.to_json() == '{"order_id":7,"decided":{"by":"Ada","n":1.0}}'


def test_a_second_signal_with_the_same_id_returns_the_first_result(runner, name):
    first = runner.signal(name, key="7", payload=1, id=f"{name}-1")

    assert runner.signal(name, key="7", payload=1, id=f"{name}-1") == first
    with pytest.raises(ValueError, match="Failed to send signal: A signal with id"):
        runner.signal(name, key="7", payload=2, id=f"{name}-1")


@pytest.mark.parametrize("given", [{"payload": "x" * 2**20}, {"key": "x" * 513}])
def test_a_signal_that_is_too_long_is_refused(runner, name, given):
    with pytest.raises(ValueError, match="Failed to send signal: "):
        runner.signal(name, **given)


@pytest.mark.parametrize(
    ("options", "context", "signals"),
    [
        ({}, {"order_id": 7}, [{"name": "", "key": "7", "payload": [1.0, None]}]),
        ({}, {"order_id": True}, [{"name": "", "key": "true"}]),
        ({}, {"order_id": None}, []),
        ({}, {"other": 7}, []),
        ({}, {"order_id": "x" * 513}, []),
        ({"timeout": "1ms", "on_timeout": "skip"}, {"order_id": 7}, []),
        ({"timeout": "1ms", "on_timeout": "continue"}, {"order_id": 7, "decided": 1}, []),
    ],
)
def test_the_engine_and_run_workflow_agree_about_nodes(runner, name, options, context, signals):
    a_refund(name, **options)
    given = [{**signal, "name": name} for signal in signals]

    expected = run_workflow(name, context, signals=given)
    for signal in given:
        runner.signal(signal["name"], key=signal["key"], payload=signal.get("payload"))
    result = runner.execute(name, Context(context))

    assert result.status == expected.status
    assert result.final_context.to_dict() == expected.final_context.to_dict()
    assert result.error_message == expected.error_message
