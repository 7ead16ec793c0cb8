"""Order of messages: declarations made during a call reach the engine before the answer of the call."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Callable, List

import pytest

from cloaca._border import bridge, host
from cloaca._border.outcome import Fired
from cloaca._engine import flat_values

FIRED = Fired(None)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> List[str]:
    """Replaces the engine, and records its messages in order."""
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
        announce=announce, declare=takes("declared"), fired=takes("ended"), accumulated=takes("accumulated")
    )
    monkeypatch.setattr(host, "is_connected", True)
    monkeypatch.setattr(host, "engine", engine, raising=False)
    monkeypatch.setattr(bridge, "has_declared", False)
    monkeypatch.setattr(bridge, "_take_declarations", take)
    monkeypatch.setattr(bridge, "_send_declarations", bridge._send_at_once)
    return said


def test_declarations_are_sent_before_the_outcome_of_a_poll_or_task(said: List[str]) -> None:
    bridge.announce()
    flat_values.report(7, FIRED)
    flat_values.report(8, FIRED)

    assert said == ["announced", "declared", "ended", "ended"]


def test_declarations_are_sent_before_the_results_of_sources_and_graphs(said: List[str]) -> None:
    bridge.announce()
    flat_values.report(7, SimpleNamespace(report=lambda engine, token: engine.accumulated(token)))

    assert said == ["announced", "declared", "accumulated"]
