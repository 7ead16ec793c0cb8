"""Makes ``traceback`` omit the frames of functions that replace C functions.

C functions leave no frames in a traceback. The functions that replace them here are written in Python, so their frames
would appear in every ``KeyboardInterrupt`` and ``ConnectionRefusedError``. The exceptions themselves keep the frames.
Can be deleted together with the last of the adaptations.
"""

from __future__ import annotations

import functools
import os
import traceback
from typing import Any, Callable, Iterator

from ... import _package

_ADAPTATIONS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_WAITING = tuple(os.path.join(_package.FOLDER, "_border", name) for name in ("bridge.py", "stacks.py", "suspension.py"))


def _stands_for_c(frame: Any) -> bool:
    return bool(frame.f_code.co_filename.startswith((_ADAPTATIONS, *_WAITING)))


def _passing_over(walk: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Iterator[Any]]:
    @functools.wraps(walk)
    def walk_on(start: Any) -> Iterator[Any]:
        # A walk that starts at such a frame includes it, because pytest examines each entry separately.
        return (step for place, step in enumerate(walk(start)) if place == 0 or not _stands_for_c(step[0]))

    return walk_on


def prepare() -> None:
    for name in ("walk_tb", "_walk_tb_with_full_positions"):
        setattr(traceback, name, _passing_over(getattr(traceback, name)))
