"""Calls one trigger function and says what came of it. Called by ``entry`` for every due trigger.

Most polls skip: that road is one look-up, one call and two checks.
"""

from __future__ import annotations

from typing import Any, Optional, Tuple

from .._border import fault
from .._border.awaiting import awaited
from .._border.generation import polled
from .._result import TriggerResult
from .packages import advice

#: "skipped", "fired" or "failed"; the fired context's text, or why it skipped; type, message and traceback of what went
#: wrong.
Outcome = Tuple[str, Optional[str], str, str, str]

SKIPPED: Outcome = ("skipped", None, "", "", "")


def poll(number: int) -> Outcome:
    """Calls the trigger function that is polled by that number.

    Exceptions are outcomes, ``SystemExit`` too. What stops a call from outside goes through: ``KeyboardInterrupt`` and
    the other exceptions that are no ``Exception``.
    """
    found = polled.get(number)
    if found is None:
        return ("failed", None, "LookupError", "the trigger is not declared in this process any more", "")
    name, function, _ = found
    try:
        result = function()
        if type(result) is not TriggerResult and type(result) is not bool:
            result = awaited(result)
    except (Exception, SystemExit) as error:
        advice.attach(error)
        type_name, text = fault.type_and_text(error)
        return ("failed", None, type_name, f"trigger '{name}' raised exception: {text}", fault.traceback_text(error))
    if type(result) is TriggerResult:
        if result._fires:
            return ("fired", result._text, "", "", "")
        return SKIPPED if result._text is None else ("skipped", result._text, "", "", "")
    if result is False:
        return SKIPPED
    return ("fired", None, "", "", "") if result is True else _junk(name, result)


def _junk(name: str, result: Any) -> Outcome:
    message = f"trigger '{name}' must return TriggerResult or bool, got {type(result).__name__}"
    return ("failed", None, "TypeError", message, "")
