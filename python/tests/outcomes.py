"""What polls and attempts come to in the end, for tests that make them without the engine."""

from __future__ import annotations

from typing import Any

from cloaca._border.calls import Awaiting, awaited


def outcome_of(result: Any) -> Any:
    """The outcome itself, or what it comes to when what it waits for is awaited."""
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
    return result
