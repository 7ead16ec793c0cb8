"""Tables of test cases that the Python and the TypeScript tests share, as parameters of a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest

_FIXTURES = Path(__file__).resolve().parents[2] / "test" / "fixtures"


def table(file: str) -> Any:
    """Returns the content of a table, a JSON file in `test/fixtures`."""
    return json.loads((_FIXTURES / file).read_text(encoding="utf-8"))


def each(cases: List[Dict[str, Any]], key: str = "title") -> Any:
    """Runs a test once for each case, and passes the case as the argument ``case``."""
    return pytest.mark.parametrize("case", [pytest.param(case, id=str(case[key])) for case in cases])
