"""``warnings`` heeds PYTHONWARNINGS, and with it ``-W``.

CPython reads it while it starts, which in Pyodide (314.0.7) was before the memory snapshot. Can go when an interpreter
can be started with options.

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
