"""Seeds random numbers differently in every process.

A memory snapshot (seen with Pyodide 314.0.7) contains the state of ``random``'s generator, so every process restored
from it would draw the same numbers. ``secrets``, ``uuid.uuid4`` and ``os.urandom`` ask the host each time and need no
change. Can be deleted when interpreters no longer start from a snapshot.

Proved by ``test/host/snapshot.test.ts``.
"""

from __future__ import annotations

import random
import sys


def install() -> None:
    random.seed()
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile._name_sequence = None  # type: ignore[attr-defined]  # it draws its names from its own generator
    uuid = sys.modules.get("uuid")
    if uuid is not None:
        uuid._node = None  # type: ignore[attr-defined]
        uuid._last_timestamp = None  # type: ignore[attr-defined]
