"""`DefaultRunner.signal` at the bridge: the signal that is sent to the engine. No engine is needed."""

from __future__ import annotations

import pytest
from stand_in import open_runner

SENT = {"id": "msg-1", "state": "used", "executions": ["e1"]}


def test_a_signal_is_sent_with_its_key_id_and_payload(engine):
    engine.answers["runner.signal"] = SENT

    answer = open_runner().signal("decision", key="7", payload={"x": 1.0, "n": 2**60}, id="msg-1")

    method, payload, text = engine.last()
    assert (method, text) == ("runner.signal", '{"x":1.0,"n":1152921504606846976}')
    assert (payload["name"], payload["key"], payload["id"]) == ("decision", "7", "msg-1")
    assert answer == SENT


def test_a_signal_has_no_key_id_and_payload_by_default(engine):
    engine.answers["runner.signal"] = SENT

    open_runner().signal("go")

    _, payload, text = engine.last()
    assert (payload["name"], payload["key"], payload["id"], text) == ("go", "", None, "null")


@pytest.mark.parametrize(
    ("name", "given", "error", "message"),
    [
        (7, {}, TypeError, "argument 'name': expected str, got int"),
        ("go\0", {}, ValueError, "cannot contain U\\+0000"),
        ("go", {"key": 7}, TypeError, "argument 'key': expected str, got int"),
        ("go", {"id": ""}, ValueError, "argument 'id': a key has 1 to 512 bytes"),
        ("go", {"payload": object()}, TypeError, "unsupported type"),
    ],
)
def test_a_malformed_signal_is_refused_before_it_is_sent(engine, name, given, error, message):
    runner = open_runner()

    with pytest.raises(error, match=message):
        runner.signal(name, **given)
    assert engine.last()[0] == "runner.open"
