"""Modules of the standard library that Pyodide (314.0.7) leaves out, from the folder ``_missing``.

Python searches the folder last. Can be deleted when Pyodide has these modules.

Proved by ``python/tests/stdlib/test_dbm.py``.
"""

from __future__ import annotations

import os
import sys

_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "_missing")


def prepare() -> None:
    sys.path.append(_FOLDER)
