"""Calls one trigger function and returns the outcome. ``entry`` calls it for every due trigger.

Most polls skip, so the path for skips is fast: one lookup, one call and two checks.
"""

from __future__ import annotations

import functools
from typing import Any, Optional, Tuple, Union

from .._border import fault
from .._border.calls import Awaiting, is_awaitable, is_untouched
from .._border.generation import polled
from .._border.stops import is_stop
from .._result import TriggerResult
from .packages import advice

#: "skipped", "fired" or "failed"; text of the fired context, or reason of the skip; type, message and traceback of the
#: error.
Outcome = Tuple[str, Optional[str], str, str, str]

SKIPPED: Outcome = ("skipped", None, "", "", "")


def poll(number: int) -> Union[Outcome, Awaiting]:
    """Calls the trigger function with this poll number. The caller awaits the result of an async function.

    All exceptions become outcomes, except a stop of the call from outside, which is re-raised: see `is_stop`.
    """
    found = polled.get(number)
    if found is None:
        return ("failed", None, "LookupError", "the script no longer declares this trigger", "")
    name, function, _ = found
    try:
        result = function()
    except BaseException as error:
        if is_stop(error):
            raise
        return _failed(name, error)
    if type(result) is TriggerResult:
        return SKIPPED if not result._fires and result._text is None else _said(result)
    if result is False:
        return SKIPPED
    if is_awaitable(result):
        is_begun = not is_untouched(function, result)
        ended = functools.partial(_outcome_of, name)
        return Awaiting(f"trigger '{name}'", result, ended, is_begun=is_begun)
    return _outcome_of(name, result, None)


def _outcome_of(name: str, result: Any, error: Optional[BaseException]) -> Outcome:
    if error is not None:
        return _failed(name, error)
    if type(result) is TriggerResult:
        return _said(result)
    if type(result) is bool:
        return ("fired", None, "", "", "") if result else SKIPPED
    message = f"trigger '{name}' must return TriggerResult or bool, got {type(result).__name__}"
    return ("failed", None, "TypeError", message, "")


def _said(result: TriggerResult) -> Outcome:
    if result._fires:
        return ("fired", result._text, "", "", "")
    return SKIPPED if result._text is None else ("skipped", result._text, "", "", "")


def _failed(name: str, error: BaseException) -> Outcome:
    advice.attach(error)
    type_name, text = fault.type_and_text(error)
    return ("failed", None, type_name, f"trigger '{name}' raised exception: {text}", fault.traceback_text(error))
