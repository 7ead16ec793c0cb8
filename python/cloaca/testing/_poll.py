"""`poll`: calls a trigger once, as the engine does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Callable, List, Optional, Tuple, Union

from .._border.calls import Awaiting
from .._border.outcome import Failed, Fired, Polled, Skipped
from .._border.stops import OF_SCRIPTS, in_unit_test
from .._context import Context
from .._declarations import ledger
from .._declarations.declaration import CronTiming, TriggerDeclaration
from .._engine import poll as engine_poll
from .._values import arguments
from .._values.convert import json_text, stored_object
from ._clock import FakeClock, text_of
from ._fakes import nearest
from ._results import Firing, PollResult
from ._strands import Loop


def poll(
    trigger: Union[str, Callable[..., Any]],
    *,
    state: Optional[Mapping[str, object]] = None,
    clock: Optional[FakeClock] = None,
) -> PollResult:
    """Calls the function of a trigger once, and returns the outcome. An exception in the function is an outcome.

    Args:
        trigger: Name of the trigger, or the decorated function. ``async`` functions are awaited.
        state: State before the poll, which the function receives as a copy. Default: an empty dict.
        clock: Clock for ``triggered_at`` of a fired context. Default: a new clock.

    Raises:
        ValueError: The trigger does not exist, the function belongs to several triggers, ``state`` is given for a
            function that takes none, or the trigger is a cron schedule, whose function is never called.
        TypeError: An argument has the wrong type.

    Example:
        >>> @trigger(on="orders")
        ... def inbox():
        ...     return TriggerResult.skip("nothing new")
        >>> result = poll(inbox)
        >>> result.outcome, result.reason
        ('skipped', 'nothing new')
    """
    declaration = _found(trigger)
    if clock is not None and not isinstance(clock, FakeClock):
        arguments.refuse(clock, "clock", "FakeClock")
    if isinstance(declaration.timing, CronTiming):
        raise ValueError(f"trigger '{declaration.name}' is a cron schedule: its function is never called")
    state_text = _given_state(declaration, state)
    outcome = _polled(ledger.current().poll_numbers[declaration.name], state_text)
    failure = outcome if isinstance(outcome, Failed) else None
    at_ms = (FakeClock() if clock is None else clock)._now_ms
    if isinstance(outcome, Polled) and outcome.state_text is not None:
        state_text = outcome.state_text
    return PollResult(
        trigger=declaration.name,
        outcome=outcome.kind,  # type: ignore[arg-type]
        workflow=declaration.workflow,
        reason=outcome.reason if isinstance(outcome, (Skipped, Polled)) else None,
        error=None if failure is None else failure.message,
        error_type=None if failure is None else failure.type,
        traceback=None if failure is None else failure.traceback,
        firings=tuple(_firing(declaration, text, key, at_ms) for text, key in _fired(outcome)),
        state=None if state_text is None else json.loads(state_text),
    )


def _given_state(declaration: TriggerDeclaration, state: Optional[Mapping[str, object]]) -> Optional[str]:
    """Returns the text of the state that the function receives, or None if it takes none."""
    if state is not None and not isinstance(state, Mapping):
        arguments.refuse(state, "state", "dict")
    if declaration.parameters.state != "none":
        return json_text(stored_object({} if state is None else state))
    if state is not None:
        raise ValueError(f"trigger '{declaration.name}' takes no state: its function has no parameter `state`")
    return None


def _fired(outcome: engine_poll.Outcome) -> List[Tuple[Optional[str], Optional[str]]]:
    if isinstance(outcome, Polled):
        return outcome.firings
    return [(outcome.context_text, None)] if isinstance(outcome, Fired) else []


def _firing(declaration: TriggerDeclaration, text: Optional[str], key: Optional[str], at_ms: int) -> Firing:
    context = Context() if text is None else Context._from_text(text)
    context.update_from_dict({"trigger_name": declaration.name, "triggered_at": text_of(at_ms)})
    return Firing(context, key)


def _polled(number: int, state_text: Optional[str]) -> engine_poll.Outcome:
    before = in_unit_test.set(True)
    try:
        result = engine_poll.poll(number) if state_text is None else engine_poll.poll_with_state(number, state_text)
    finally:
        in_unit_test.reset(before)
    if not isinstance(result, Awaiting):
        return result
    loop = Loop()
    try:
        value = loop.run(_awaited(result.awaitable))
    except OF_SCRIPTS as error:
        outcome: engine_poll.Outcome = result.ended(None, error)
    else:
        outcome = result.ended(value, None)
    finally:
        loop.close()
    return outcome


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


def _found(trigger: object) -> TriggerDeclaration:
    declared = ledger.current().triggers
    if isinstance(trigger, str):
        if trigger not in declared:
            raise ValueError(
                f"no trigger '{trigger}' is declared. {nearest(trigger, list(declared))} "
                "First import the module that declares the trigger."
            )
        return declared[trigger]
    function = arguments.function(trigger, "trigger")
    found = [each for each in declared.values() if each.function is function]
    if len(found) == 1:
        return found[0]
    name = getattr(function, "__name__", repr(function))
    if not found:
        raise ValueError(f"'{name}' is not decorated as a trigger. {nearest(name, list(declared))}")
    names = ", ".join(f"'{each.name}'" for each in found)
    raise ValueError(f"'{name}' is the function of several triggers: pass the name of one of them: {names}")
