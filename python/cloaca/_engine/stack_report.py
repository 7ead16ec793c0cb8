"""Report of what the suspended stacks wait for, for the search for the cause of a standstill.

Only a stack itself can walk its frames. Parts of them are in C memory, which another stack uses while the stack is
suspended (seen in Pyodide 314.0.7: otherwise the interpreter crashes). So the host wakes each stack as for a signal.
The stack adds its report and continues to wait.

Proved by ``test/runner/stacks.test.ts``.
"""

from __future__ import annotations

import json
import linecache
import os
import sys
import time
import traceback
from types import FrameType
from typing import Any, Dict, List, Optional

from .._border import bridge, stacks

#: Descriptions of waits in the functions of ``_border.bridge``.
_WAITS = {
    "call_with_context": "an answer from the engine",
    "sleep_ms": "the end of a sleep",
    "wait_for_promise": "a JavaScript promise",
    "read_input": "standard input",
    "wait_event": "an event",
}
_OWN_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_report: Optional[List[Dict[str, Any]]] = None


def begin() -> None:
    """Starts a report. From now on each stack that is woken adds its entry."""
    global _report
    linecache.checkcache()
    _report = []


def count() -> int:
    """Returns the number of entries."""
    return len(_report or ())


def take() -> str:
    """Returns the report as a JSON list of entries.

    An entry has ``token``, ``isThread``, ``waitsFor``, ``seconds``, and ``frames`` as in a traceback.
    """
    global _report
    report, _report = _report or [], None
    return json.dumps(report)


def _report_wait(since: float) -> None:
    if _report is None:
        return
    stack = stacks.running
    chain = [frame for frame, _ in traceback.walk_stack(sys._getframe(1))]
    names = [frame.f_code.co_name for frame in chain]
    _report.append(
        {
            "token": stack.origin,
            "isThread": stack.token != stack.origin,
            "waitsFor": next((_WAITS[name] for name in names if name in _WAITS), "something"),
            "seconds": time.monotonic() - since,
            "frames": _text_of(chain),
        }
    )


bridge.report_wait = _report_wait


def _text_of(chain: List[FrameType]) -> str:
    """Returns the frames outside of this package, the innermost last, or all frames if there are none outside."""
    theirs = [frame for frame in chain if not frame.f_code.co_filename.startswith(_OWN_FOLDER + os.sep)]
    summary = traceback.StackSummary.extract((frame, frame.f_lineno) for frame in theirs or chain)
    summary.reverse()
    return "".join(summary.format())
