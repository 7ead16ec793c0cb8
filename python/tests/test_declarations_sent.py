"""What is declared while something is asked of Python is known to the engine before the answer is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Callable, List

import pytest

from cloaca._border import bridge, host
from cloaca._engine import flat_values

FIRED = ("fired", None, "", "", "")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> List[str]:
    """What the engine is told, in order."""
    said: List[str] = []
    pending: List[Any] = []

    def takes(name: str) -> Callable[..., None]:
        return lambda *_: said.append(name)

    def announce() -> None:
        said.append("announced")
        pending.append((1, [{"kind": "workflow"}]))

    def take() -> List[Any]:
        taken, pending[:] = list(pending), []
        return taken

    engine = SimpleNamespace(
        announce=announce, declare=takes("declared"), outcome=takes("ended"), accumulated=takes("accumulated")
    )
    monkeypatch.setattr(host, "is_connected", True)
    monkeypatch.setattr(host, "engine", engine, raising=False)
    monkeypatch.setattr(bridge, "has_declared", False)
    monkeypatch.setattr(bridge, "_take_declarations", take)
    monkeypatch.setattr(bridge, "_send_declarations", bridge._send_at_once)
    return said


def test_it_is_sent_before_the_outcome_of_a_poll_or_a_task(said: List[str]) -> None:
    bridge.announce()
    flat_values.report(7, FIRED)
    flat_values.report(8, FIRED)

    assert said == ["announced", "declared", "ended", "ended"]


def test_it_is_sent_before_what_comes_of_events_and_graphs(said: List[str]) -> None:
    bridge.announce()
    flat_values.report(7, SimpleNamespace(report=host.engine.accumulated))

    assert said == ["announced", "declared", "accumulated"]
