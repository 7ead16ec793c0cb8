"""Report of what the threads of this process are doing, for the search for the cause of a standstill."""

from __future__ import annotations

import json
import sys
import threading
import time
import traceback
from typing import Any, Dict, List

from .. import _package
from .calls import limits


def report(calls: List[limits.CallThread]) -> str:
    """Returns a JSON list with ``token``, ``isThread``, ``waitsFor``, ``seconds``, and ``frames`` as in a traceback."""
    frames, now = sys._current_frames(), time.monotonic()
    tokens = {thread.ident: thread for thread in calls}
    entries: List[Dict[str, Any]] = []
    for thread in threading.enumerate():
        ident = thread.ident or 0
        call = tokens.get(ident)
        token = 0 if call is None else max(call.token, 0)
        text = _text_of(frames.get(ident))
        if not text or (call is not None and token == 0):
            continue
        entries.append(
            {
                "token": token,
                "isThread": call is None,
                "waitsFor": "something",
                "seconds": now - call.since if call is not None else 0,
                "frames": text,
            }
        )
    return json.dumps(entries)


def _text_of(frame: Any) -> str:
    """Returns the frames outside of this package, the innermost last, or '' if there are none."""
    theirs = [each for each, _ in traceback.walk_stack(frame) if not _package.has_file(each.f_code.co_filename)]
    if frame is None or all(each.f_code.co_filename == threading.__file__ for each in theirs):
        return ""
    summary = traceback.StackSummary.extract((each, each.f_lineno) for each in theirs)
    summary.reverse()
    return "".join(summary.format())
