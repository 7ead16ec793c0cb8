"""`DefaultRunner.push` at the bridge: the event that is sent to the engine. No engine is needed."""

from __future__ import annotations

import pytest
from stand_in import open_runner

import cloaca


@pytest.mark.parametrize(
    ("value", "text"),
    [({"x": 1.0, "n": 2**60}, '{"x":1.0,"n":1152921504606846976}'), ("é", '"é"'), ((1, {2}), "[1,[2]]")],
)
def test_an_event_is_sent_as_json(engine, value, text):
    engine.answers["runner.push"] = {"sequence": 1}

    open_runner().push("s", value)

    assert engine.last()[2] == text


@pytest.mark.parametrize("value", [1j, cloaca.Context(), {"at": object()}])
def test_an_event_that_is_not_json_never_reaches_the_engine(engine, value):
    runner = open_runner()

    with pytest.raises(TypeError, match="unsupported type"):
        runner.push("s", value)
    assert engine.last()[0] == "runner.open"


def test_a_negative_timeout_is_refused(engine):
    with pytest.raises(ValueError, match="timeout must not be negative"):
        open_runner().push("s", 1, timeout=-1)
