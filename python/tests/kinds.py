"""Marks for tests of one Python implementation: Pyodide inside the engine, or CPython with or without an engine.

The differences that users see are in ``test/fixtures/python-differences.json``, and in the table of
``docs/cpython.md``.
"""

from __future__ import annotations

import sys

import pytest

in_pyodide = sys.platform == "emscripten"


def only_in_pyodide(difference: str) -> pytest.MarkDecorator:
    """Marks a test that is skipped under CPython. `difference` is the row of the table that gives the reason."""
    return pytest.mark.skipif(not in_pyodide, reason=f"differs under CPython: {difference}")


#: Marks tests of the internals of the package in Pyodide.
about_pyodide = pytest.mark.skipif(not in_pyodide, reason="tests the internals of the package in Pyodide")
