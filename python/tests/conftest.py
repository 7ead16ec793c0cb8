"""What every test has: the package importable from the checkout, and names that no other test uses."""

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


@pytest.fixture
def name() -> str:
    """The name of a trigger or workflow that no other test declares."""
    return f"name-{next(_numbers)}"


@pytest.fixture
def runner() -> Iterator[object]:
    """A runner on a database of its own, for tests that need the engine."""
    import cloaca

    with cloaca.DefaultRunner(":memory:") as opened:
        yield opened


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """A stand-in for the engine, for tests that look at what is asked of it."""
    from stand_in import Engine

    from cloaca import _runner
    from cloaca._border import bridge

    stand_in = Engine()
    monkeypatch.setattr(bridge, "call", stand_in.call)
    monkeypatch.setattr(bridge, "call_with_context", stand_in.call_with_context)
    yield stand_in
    _runner._open.pop(11, None)
