"""What users are told of steps that block the event loop of their script, and of those that are stopped for it."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, Optional

from .._border import fault
from .._border.calls import Call

#: A step that takes longer is named, for each call at most once a minute.
NAMED_AFTER_S, _NAMED_AGAIN_AFTER_S = 1.0, 60.0

_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep


class BlockingNotices:
    """The notices of steps that take long, by whose they are: nothing else of their script's goes on meanwhile."""

    def __init__(self) -> None:
        self._named_at: Dict[str, float] = {}

    def notice(self, who: str, frame: Any, seconds: float) -> Optional[str]:
        """What is to be said of a step that is at ``frame``; None where it was said a short time ago."""
        named_at, now = self._named_at, time.monotonic()
        # Without a call between looking and noting: after each, a signal may come whose handler asks the same.
        if who in named_at and now - named_at[who] < _NAMED_AGAIN_AFTER_S:
            return None
        named_at[who] = now
        return (
            f"{_capitalized(who)} blocks the event loop of its script{_place_of(frame)}, for {seconds:.0f} s so "
            "far: the script's other async triggers and tasks wait until it awaits something or ends. "
            "asyncio.to_thread() calls a function that blocks without that."
        )


def reason_to_stop(held_up: Call) -> str:
    """Why a step is stopped that is nobody's any more, and keeps a call from stopping."""
    return f"stopped: it kept {held_up.name} from stopping ({held_up.stop_reason})"


def stop_notice(who: str, frame: Any, reason: str) -> str:
    """What is said of a step that is stopped at ``frame``."""
    return f"{_capitalized(who)}{_place_of(frame)}, was {reason}"


def _capitalized(who: str) -> str:
    return who[0].upper() + who[1:]


def _place_of(frame: Any) -> str:
    """Where in the user's files it is: the innermost of them."""
    while frame is not None:
        file = frame.f_code.co_filename
        if not fault.is_ours(file) and not file.startswith(("<", _STANDARD_LIBRARY)) and "site-packages" not in file:
            return f" in {file}, line {frame.f_lineno}, {frame.f_code.co_name}"
        frame = frame.f_back
    return ""
