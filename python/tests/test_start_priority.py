"""The ``priority`` of `DefaultRunner.execute`."""

from __future__ import annotations

import pytest
from stand_in import open_runner

import cloaca


@pytest.mark.parametrize("priority", [None, -100, 0, 100])
def test_execute_sends_the_priority(engine, priority):
    engine.answers["runner.execute"] = {"status": "Completed"}

    open_runner().execute("wf", cloaca.Context(), priority=priority)

    assert engine.last()[1] == {"runner": 11, "workflow": "wf", "key": None, "priority": priority}


@pytest.mark.parametrize(
    ("priority", "error", "message"),
    [
        (101, ValueError, "priority must be from -100 to 100, got 101"),
        (-101, ValueError, "priority must be from -100 to 100, got -101"),
        (True, TypeError, "argument 'priority': expected int, got bool"),
        ("1", TypeError, "argument 'priority': expected int, got str"),
    ],
)
def test_execute_refuses_other_priorities(engine, priority, error, message):
    runner = open_runner()

    with pytest.raises(error, match=message):
        runner.execute("wf", cloaca.Context(), priority=priority)

    assert engine.last()[0] == "runner.open"
