"""``traceback`` passes over the frames of what stands for C.

Functions of C leave no frames in a traceback; those that replace them here are written in Python, and theirs would show
in every ``KeyboardInterrupt`` and ``ConnectionRefusedError``. The exceptions themselves keep them. Can go with the last
of the adaptations.
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
        # Whoever begins at such a frame asks for it: pytest looks at each entry by itself.
        return (step for place, step in enumerate(walk(start)) if place == 0 or not _stands_for_c(step[0]))

    return walk_on


def prepare() -> None:
    for name in ("walk_tb", "_walk_tb_with_full_positions"):
        setattr(traceback, name, _passing_over(getattr(traceback, name)))
