"""Calls one trigger function and returns the outcome. ``entry`` calls it for every due trigger.

Most polls skip, so the path for skips is fast: one lookup, one call and two checks.
"""

from __future__ import annotations

import functools
from typing import Callable, List, Optional, Tuple, Union

from .._border import fault
from .._border.calls import Awaiting, is_awaitable, is_untouched
from .._border.generation import polled
from .._border.outcome import SKIPPED, Failed, Fired, Polled, Skipped
from .._border.stops import is_stop
from .._result import TriggerResult
from .._values.polled_state import Limits, Refused, State
from .packages import advice

Outcome = Union[Skipped, Fired, Polled, Failed]

#: Maximum number of firings of one poll.
MAX_FIRINGS = 1_000


def limit_states(max_bytes: int) -> None:
    """Sets the maximum size of the states of triggers."""
    Limits.max_bytes = max_bytes


def poll(number: int) -> Union[Outcome, Awaiting]:
    """Calls the trigger function with this poll number. The caller awaits the result of an async function.

    All exceptions become outcomes, except a stop of the call from outside, which is re-raised: see `is_stop`.
    """
    found = polled.get(number)
    if found is None:
        return _undeclared()
    try:
        result = found[1]()
    except BaseException as error:
        if is_stop(error):
            raise
        return _failed(found[0], error)
    if type(result) is TriggerResult:
        return SKIPPED if not result._fires and result._text is None else _said(result)
    if result is False:
        return SKIPPED
    name, function, _, _, has_on_change = found
    if is_awaitable(result):
        return _awaiting(name, function, result, functools.partial(_outcome_of, name, has_on_change))
    return _outcome_of(name, has_on_change, result, None)


def poll_with_state(number: int, state_text: str) -> Union[Outcome, Awaiting]:
    """Calls the function like `poll`, and passes the state of the trigger, which is stored after the call."""
    found = polled.get(number)
    if found is None:
        return _undeclared()
    name, function, _, way, has_on_change = found
    if way == "none":  # the script was loaded again without the parameter
        return poll(number)
    try:
        state = State(number, state_text)
    except (ValueError, RecursionError) as error:
        return Failed("failed", type(error).__name__, f"the state of trigger '{name}' cannot be read: {error}")
    try:
        result = function(state.values) if way == "by position" else function(state=state.values)
    except BaseException as error:
        if is_stop(error):
            raise
        return _failed(name, error)
    if type(result) is not TriggerResult and is_awaitable(result):
        ended = functools.partial(_outcome_with_state, name, has_on_change, state)
        return _awaiting(name, function, result, ended)
    return _outcome_with_state(name, has_on_change, state, result, None)


def _awaiting(
    name: str, function: Callable[..., object], awaitable: object, ended: Callable[..., Outcome]
) -> Awaiting:
    is_begun = not is_untouched(function, awaitable)
    return Awaiting(f"trigger '{name}'", awaitable, ended, is_begun=is_begun)


def _outcome_of(name: str, has_on_change: bool, result: object, error: Optional[BaseException]) -> Outcome:
    if error is not None:
        return _failed(name, error)
    if type(result) is TriggerResult:
        return _said(result)
    if type(result) is bool:
        return Fired(None) if result else SKIPPED
    if isinstance(result, list):
        return _listed(name, has_on_change, result)
    message = f"trigger '{name}' must return TriggerResult or bool, got {type(result).__name__}"
    return Failed("failed", "TypeError", message)


def _outcome_with_state(
    name: str, has_on_change: bool, state: State, result: object, error: Optional[BaseException]
) -> Outcome:
    outcome = _outcome_of(name, has_on_change, result, error)
    if isinstance(outcome, Failed):
        return outcome
    try:
        state_text = state.changed()
    except Refused as refused:
        return Failed("failed", refused.type, f"trigger '{name}' cannot store its state: {refused}")
    if state_text is None:
        return outcome
    if isinstance(outcome, Polled):
        outcome.state_text = state_text
        return outcome
    if isinstance(outcome, Fired):
        return Polled(None, [(outcome.context_text, None)], False, state_text)
    return Polled(outcome.reason, [], False, state_text)


def _said(result: TriggerResult) -> Outcome:
    if result._fires:
        return Fired(result._text) if result._key is None else Polled(None, [(result._text, result._key)], False, None)
    return SKIPPED if result._text is None else Skipped(result._text)


def _listed(name: str, has_on_change: bool, results: List[object]) -> Outcome:
    if has_on_change:
        message = (
            f"trigger '{name}' has `on_change`, so it cannot return a list: a firing that `on_change` suppresses would "
            "be lost. Remove `on_change`, or return one TriggerResult"
        )
        return Failed("failed", "TypeError", message)
    if len(results) > MAX_FIRINGS:
        message = (
            f"trigger '{name}' returned {len(results):,} firings, but the maximum is {MAX_FIRINGS:,}: return the "
            "others at the next poll"
        )
        return Failed("failed", "ValueError", message)
    firings: List[Tuple[Optional[str], Optional[str]]] = []
    for index, result in enumerate(results):
        if type(result) is not TriggerResult or not result._fires:
            got = repr(result) if type(result) is TriggerResult else type(result).__name__
            message = f"trigger '{name}' must return a list of only TriggerResult.fire(…), but item {index} is {got}"
            return Failed("failed", "TypeError", message)
        firings.append((result._text, result._key))
    return Polled(None, firings, True, None) if firings else SKIPPED


def _undeclared() -> Failed:
    return Failed("failed", "LookupError", "the script no longer declares this trigger")


def _failed(name: str, error: BaseException) -> Outcome:
    advice.attach(error)
    type_name, text = fault.type_and_text(error)
    return Failed("failed", type_name, f"trigger '{name}' raised exception: {text}", fault.traceback_text(error))
