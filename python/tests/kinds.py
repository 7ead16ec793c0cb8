"""Which Python the tests run under: Pyodide, as the engine has it, or a CPython, with an engine or without.

What a user sees of the differences is in ``test/fixtures/python-differences.json``, and in the table of
``docs/cpython.md``.
"""

from __future__ import annotations

import sys

import pytest

in_pyodide = sys.platform == "emscripten"


def only_in_pyodide(difference: str) -> pytest.MarkDecorator:
    """Marks a test that is left out under a CPython: a row of the table says what is different there."""
    return pytest.mark.skipif(not in_pyodide, reason=f"differs under CPython: {difference}")


#: Marks tests of how the package lives within Pyodide.
about_pyodide = pytest.mark.skipif(not in_pyodide, reason="about Pyodide")
