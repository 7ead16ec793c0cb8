"""Messages to users about steps that block the event loop of their script, and about steps that are stopped for it."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, Optional

from .._border import fault
from .._border.calls import Call

#: Duration from which a step is reported, and minimum time between two reports of the same call.
NAMED_AFTER_S, _NAMED_AGAIN_AFTER_S = 1.0, 60.0

_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep


class BlockingNotices:
    """Reports of long steps by their owner. A long step blocks all other async calls of its script."""

    def __init__(self) -> None:
        self._named_at: Dict[str, float] = {}

    def notice(self, who: str, frame: Any, seconds: float) -> Optional[str]:
        """Returns a message about a step that is at ``frame``, or None if one was returned a short time ago."""
        named_at, now = self._named_at, time.monotonic()
        # No call between the check and the update, because the handler of a signal could run the same code.
        if who in named_at and now - named_at[who] < _NAMED_AGAIN_AFTER_S:
            return None
        named_at[who] = now
        return (
            f"{_capitalized(who)} has blocked the event loop of its script{_place_of(frame)} for {seconds:.0f} s. "
            "The script's other async triggers and tasks wait until it awaits something or ends. "
            "Call blocking functions with asyncio.to_thread()."
        )


def reason_to_stop(held_up: Call) -> str:
    """Returns the reason for the stop of a step that belongs to no running call and prevents the stop of another."""
    return f"stopped: it blocked the event loop and prevented {held_up.name} from stopping ({held_up.stop_reason})"


def stop_notice(who: str, frame: Any, reason: str) -> str:
    """Returns a message about a step that is stopped at ``frame``."""
    return f"{_capitalized(who)}{_place_of(frame)}, was {reason}"


def _capitalized(who: str) -> str:
    return who[0].upper() + who[1:]


def _place_of(frame: Any) -> str:
    """Returns the innermost place in the user's files."""
    while frame is not None:
        file = frame.f_code.co_filename
        if not fault.is_ours(file) and not file.startswith(("<", _STANDARD_LIBRARY)) and "site-packages" not in file:
            return f" in {file}, line {frame.f_lineno}, {frame.f_code.co_name}"
        frame = frame.f_back
    return ""
