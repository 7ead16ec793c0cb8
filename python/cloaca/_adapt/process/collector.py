"""Turns off the incremental steps of the garbage collector.

CPython 3.14's incremental collection walks the frames of the running thread. In Pyodide (314.0.7), where stacks are
suspended and resumed in one thread, the chain of frames leads into stacks that no longer exist, and the walk corrupts
memory ("memory access out of bounds"; ``gc.collect(1)`` shows it while another stack is suspended). Young and full
collections walk no frames. The automatic collector therefore stays off, and the same work is done when a stack waits,
when a call into Python ends, and when the host interrupts a stack that computes for a long time. For scripts, ``gc``
looks unchanged. Can be deleted when Pyodide separates the frames of suspended stacks, or CPython returns to
generations.

Proved by ``python/tests/stdlib/test_gc.py``.
"""

from __future__ import annotations

import gc
from typing import Callable

from ..._border import bridge, stacks

#: Number of new objects after which the young ones are collected. CPython's own threshold is 2,000.
_YOUNG_LIMIT = 10_000
_YOUNG_COLLECTIONS_A_FULL_ONE = 10

_collect: Callable[[int], int] = gc.collect
_is_enabled = True
_young_collections = 0


def prepare() -> None:
    """Turns the automatic collector off. Called before anything is imported."""
    gc.disable()
    gc.enable, gc.disable, gc.isenabled = _enable, _disable, _is_enabled_for_scripts
    gc.collect = collect


def install() -> None:
    bridge.collect_garbage, bridge.is_garbage_due = collect_when_due, is_due


def freeze() -> None:
    """Excludes the objects of the snapshot from every collection, because they live as long as the interpreter."""
    _collect(2)
    gc.freeze()


def collect(generation: int = 2) -> int:
    """Run the garbage collector, and return the number of unreachable objects. Generation 1 means all generations."""
    if not 0 <= generation <= 2:
        raise ValueError("invalid generation")
    return _collect(0 if generation == 0 else 2)


def is_due() -> bool:
    return _is_enabled and gc.get_count()[0] >= _YOUNG_LIMIT


def collect_when_due() -> None:
    """Collects garbage as the automatic collector would have done by now."""
    global _young_collections
    if not is_due():
        return
    _young_collections += 1
    # The output of finalizers belongs to no call, because the objects can belong to any.
    call = stacks.running_call[stacks.CALL]
    stacks.running_call[stacks.CALL] = stacks.NO_CALL
    try:
        _collect(2 if _young_collections % _YOUNG_COLLECTIONS_A_FULL_ONE == 0 else 0)
        stacks.write_out()
    finally:
        stacks.running_call[stacks.CALL] = call


def _enable() -> None:
    """Enable automatic garbage collection."""
    global _is_enabled
    _is_enabled = True


def _disable() -> None:
    """Disable automatic garbage collection."""
    global _is_enabled
    _is_enabled = False


def _is_enabled_for_scripts() -> bool:
    """Returns true if automatic garbage collection is enabled."""
    return _is_enabled
