"""`delay`: the declaration of a node that waits."""

from __future__ import annotations

import pytest

import cloaca
from cloaca._declarations import ledger
from cloaca._declarations.wire import workflow_wire


def tasks_of(key):
    declared = ledger.current().workflows[key]
    return {task["id"]: task for task in workflow_wire(key, declared)["tasks"]}


def test_a_delay_is_a_task_without_attempts_of_its_own_that_other_tasks_depend_on():
    with cloaca.WorkflowBuilder("refund"):
        cool = cloaca.delay("cool_down", "24h")
        cloaca.task(id="pay", dependencies=[cool])(lambda ctx: ctx)

    tasks = tasks_of("refund")

    assert cool.id == "cool_down"
    assert tasks["cool_down"]["wait"] == {"kind": "delay", "end": {"kind": "after", "ms": 86_400_000}}
    assert tasks["cool_down"]["hasOwnRule"] is False
    assert tasks["pay"]["dependencies"] == ["cool_down"]
    assert tasks["pay"]["wait"] is None


def test_a_delay_may_end_at_a_time_of_day_by_default_in_utc():
    with cloaca.WorkflowBuilder("nightly"):
        first = cloaca.delay("first", until="03:30", timezone="Europe/Berlin")
        cloaca.delay("then", until="04:00", dependencies=[first, "first"], trigger_rules=cloaca.always())

    tasks = tasks_of("nightly")

    ends = [tasks[name]["wait"]["end"]["time"] for name in ("first", "then")]
    assert ends == [{"time": "03:30", "timezone": "Europe/Berlin"}, {"time": "04:00", "timezone": "UTC"}]
    assert tasks["then"]["dependencies"] == ["first"]
    assert tasks["then"]["hasOwnRule"] is True


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "either a duration or `until`"),
        ({"duration": "1h", "until": "03:30"}, "either a duration or `until`"),
        ({"duration": "1h", "timezone": "UTC"}, "`timezone` requires `until`"),
        ({"duration": "0s"}, "Invalid duration '0s': it must be longer than 0; omit the node"),
        ({"duration": "soon"}, "Invalid duration 'soon'"),
        ({"until": "25:00"}, "Invalid until '25:00'"),
        ({"until": "03:30", "timezone": "Mars/Base"}, "Invalid timezone 'Mars/Base'"),
    ],
)
def test_a_malformed_delay_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        with cloaca.WorkflowBuilder("refused"):
            cloaca.delay("cool", **given)


def test_a_delay_needs_an_open_block():
    with pytest.raises(ValueError, match="No workflow context"):
        cloaca.delay("cool", "1h")
