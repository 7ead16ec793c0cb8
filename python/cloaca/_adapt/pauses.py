"""Waits for conditions that send no notification, by polling.

This module replaces nothing. A pause suspends the calling stack. If that is impossible, a wait with a timeout blocks
all stacks, and a wait without one raises RuntimeError, because it could depend on another stack.
"""

from __future__ import annotations

import itertools
import math
import time
from typing import Callable, Sequence

from .._border import bridge

_blocking_sleep = time.sleep


def pause_until(is_done: Callable[[], bool], pauses_ms: Sequence[float], timeout_s: float = math.inf) -> bool:
    """Polls a condition until it is true. Returns False if the time is over first.

    Args:
        is_done: Condition, which is checked at least once.
        pauses_ms: Milliseconds to pause after each check. The last pause is repeated.
        timeout_s: Maximum number of seconds to poll.
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
    raise AssertionError("The polling loop ended too early. This is a bug in cloaca: please report it.")
