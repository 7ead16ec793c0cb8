"""Fixtures of all tests. Also makes the package importable from the checkout."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from pathlib import Path
from typing import Iterator

import pytest

_HERE = Path(__file__).resolve().parent

if importlib.util.find_spec("cloaca") is None:
    sys.path.insert(0, str(_HERE.parent))
if str(_HERE) not in sys.path:
    sys.path.insert(0, str(_HERE))

_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marker of tests for which the second run of failed files is not an excuse."""
    config.addinivalue_line("markers", "proof: proves that nothing is lost, doubled or disclosed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Adds the marker to the report, which contains only properties."""
    for item in items:
        if item.get_closest_marker("proof") is not None:
            item.user_properties.append(("proof", "true"))


@pytest.fixture
def name() -> str:
    """Returns a name that no other test uses for a trigger or workflow."""
    return f"name-{next(_numbers)}"


@pytest.fixture
def runner() -> Iterator[object]:
    """Opens a runner on its own in-memory database, for tests that need the engine."""
    import cloaca

    with cloaca.DefaultRunner(":memory:") as opened:
        yield opened


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Replaces the engine by a stand-in that records the requests of the package."""
    from stand_in import Engine

    from cloaca._border import bridge, runners

    stand_in = Engine()
    monkeypatch.setattr(bridge, "call", stand_in.call)
    monkeypatch.setattr(bridge, "call_with_context", stand_in.call_with_context)
    yield stand_in
    runners.open_runners.pop(11, None)
