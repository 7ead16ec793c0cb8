"""`poll`: calls a trigger once, as the engine does."""

from __future__ import annotations

from typing import Any, Callable, Optional, Union

from .._border.calls import Awaiting
from .._border.stops import OF_SCRIPTS, in_unit_test
from .._context import Context
from .._declarations import ledger
from .._declarations.declaration import CronTiming, TriggerDeclaration
from .._engine import poll as engine_poll
from .._values import arguments
from ._clock import FakeClock, text_of
from ._fakes import nearest
from ._results import PollResult
from ._strands import Loop


def poll(trigger: Union[str, Callable[..., Any]], *, clock: Optional[FakeClock] = None) -> PollResult:
    """Calls the function of a trigger once, and returns the outcome. An exception in the function is an outcome.

    Args:
        trigger: Name of the trigger, or the decorated function. ``async`` functions are awaited.
        clock: Clock for ``triggered_at`` of a fired context. Default: a new clock.

    Raises:
        ValueError: The trigger does not exist, the function belongs to several triggers, or the trigger is a cron
            schedule, whose function is never called.
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
    kind, text, error_type, error, traceback = _polled(ledger.current().poll_numbers[declaration.name])
    is_failed = kind == "failed"
    fired = None
    if kind == "fired":
        fired = Context() if text is None else Context._from_text(text)
        at_ms = (FakeClock() if clock is None else clock)._now_ms
        fired.update_from_dict({"trigger_name": declaration.name, "triggered_at": text_of(at_ms)})
    return PollResult(
        trigger=declaration.name,
        outcome=kind,  # type: ignore[arg-type]
        workflow=declaration.workflow,
        reason=text if kind == "skipped" else None,
        error=error if is_failed else None,
        error_type=error_type if is_failed else None,
        traceback=traceback if is_failed else None,
        _fired=fired,
    )


def _polled(number: int) -> engine_poll.Outcome:
    before = in_unit_test.set(True)
    try:
        result = engine_poll.poll(number)
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
