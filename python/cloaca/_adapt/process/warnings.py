"""Makes ``warnings`` follow PYTHONWARNINGS, and so the option ``-W``.

CPython reads the variable when it starts, which in Pyodide (314.0.7) was before the memory snapshot. Can be deleted
when an interpreter can be started with options.

Proved by ``test/cli/run.test.ts``.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any, Dict


def install(settings: Dict[str, Any]) -> None:
    options = [option for option in settings["python"]["environ"].get("PYTHONWARNINGS", "").split(",") if option]
    sys.warnoptions[:] = options
    if options:
        warnings._processoptions(options)  # type: ignore[attr-defined]
