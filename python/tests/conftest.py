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
