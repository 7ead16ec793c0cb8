"""Waits for what nobody announces, by asking again and again.

Nothing is replaced here. A pause suspends the calling stack. Where that cannot be, it blocks all stacks if there is a
timeout, and raises RuntimeError if there is none: what is waited for may be another stack's to do.
"""

from __future__ import annotations

import itertools
import math
import time
from typing import Callable, Sequence

from .._border import bridge

_blocking_sleep = time.sleep


def pause_until(is_done: Callable[[], bool], pauses_ms: Sequence[float], timeout_s: float = math.inf) -> bool:
    """Asks until the answer is yes; False when the time is over before.

    Args:
        is_done: The question; it is asked at least once.
        pauses_ms: How long to pause after each answer; the last pause is repeated.
        timeout_s: For how long to ask.
    """
    until = time.monotonic() + timeout_s
    for pause_ms in itertools.chain(pauses_ms, itertools.repeat(pauses_ms[-1])):
        if is_done():
            return True
        left_ms = (until - time.monotonic()) * 1000
        if left_ms <= 0:
            return False
        if bridge.can_wait() or left_ms == math.inf:
            bridge.sleep_ms(min(pause_ms, left_ms))
        else:
            _blocking_sleep(min(pause_ms, left_ms) / 1000)
    raise AssertionError("the pauses have no end")
