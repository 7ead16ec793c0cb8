"""Output appears when it is printed, and stdout and stderr keep their order.

Pyodide's streams (seen in 314.0.7) buffer, and what stays in the buffer of a terminated worker is lost. Lines are
written through to the process's file descriptors as they end. Can go when the interpreter's exit flushes reliably.
"""

from __future__ import annotations

import os
import sys


def install() -> None:
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, write_through=unbuffered)  # type: ignore[union-attr]
    errors = os.environ.get("PYTHONIOENCODING", "").partition(":")[2]
    if errors:
        sys.stdout.reconfigure(errors=errors)  # type: ignore[union-attr]
