"""Outcomes of polls and attempts, for tests that run them without the engine."""

from __future__ import annotations

from typing import Any

from cloaca._border.calls import Awaiting, awaited
from cloaca._border.outcome import Completed, Failed, Fired, Skipped


def outcome_of(result: Any) -> Any:
    """Awaits the coroutines of a poll or an attempt, and returns its outcome in the form of `texts_of`."""
    while isinstance(result, Awaiting):
        try:
            value = awaited(result.awaitable)
        except (Exception, SystemExit) as error:
            trace = error.__traceback__
            while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
                trace = trace.tb_next
            result = result.ended(None, error.with_traceback(trace))
        else:
            result = result.ended(value, None)
    return texts_of(result)


def texts_of(outcome: Any) -> Any:
    """Returns the kind of an outcome, its context or reason, and the type, message and traceback of its error."""
    if isinstance(outcome, Skipped):
        return (outcome.kind, outcome.reason, "", "", "")
    if isinstance(outcome, (Fired, Completed)):
        return (outcome.kind, outcome.context_text, "", "", "")
    if isinstance(outcome, Failed):
        return (outcome.kind, None, outcome.type, outcome.message, outcome.traceback)
    return outcome
