"""Helpers for tests that run workflows.

These tests need the engine: `cloaca run -m pytest python/tests`, with `--python` or without, or plain python with
``CLOACA_ENGINE``.
"""

from __future__ import annotations

import os
import time
from typing import Any, Callable

import pytest
from limits import LIMIT

import cloaca
from cloaca._border import bridge

needs_engine = pytest.mark.skipif(
    not (bridge.has_engine() or os.environ.get("CLOACA_ENGINE")),
    reason="needs the engine: npx cloaca run -m pytest python/tests",
)

NO_RETRY = {"retry_attempts": 1}


def keep(ctx: cloaca.Context) -> cloaca.Context:
    """Returns its input. Body of a task."""
    return ctx


def fail(ctx: cloaca.Context) -> cloaca.Context:
    """Raises ValueError. Body of a task."""
    raise ValueError("boom")


def wait_for(condition: Callable[[], Any], limit_s: float = LIMIT) -> Any:
    """Waits until a condition returns a true value, and returns this value."""
    end = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"nothing came within {limit_s} s"
        time.sleep(0.02)
