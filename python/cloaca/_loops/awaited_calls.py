"""Outcome and stop of a call that is awaited in the event loop of its script."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any, Optional

from .._border import fault, outcome
from .._border.calls import Awaiting, Call, drop
from .._border.calls import running as running_call
from .._border.outcome import Failed
from .._border.start_limit import NOT_STARTED, clock
from .._border.stops import Cancelled, DeadlineExceeded, is_stop
from .base import Left, ScriptLoopBase

#: Seconds after which a call that still runs is cancelled again. They give it time to clean up.
_CANCELLED_AGAIN_AFTER_S, _AND_AGAIN_AFTER_S = 1.0, 0.1


async def outcome_of(awaiting: Awaiting, start_before: float) -> Any:
    """Awaits a call, and each following `Awaiting`, until there is an outcome. Re-raises a stop.

    Other steps may have blocked the loop since the async function was called, so it can be too late for its first step.
    """
    if not awaiting.is_begun and clock.now() >= start_before:
        drop(awaiting.awaitable)
        return NOT_STARTED
    while True:
        try:
            value = await awaiting.awaitable
        except BaseException as error:
            if _goes_through(error):
                raise
            result = awaiting.ended(None, error)
        else:
            result = awaiting.ended(value, None)
        if type(result) is not Awaiting:
            return result
        awaiting = result


def _goes_through(error: BaseException) -> bool:
    """Returns whether an exception stops the call, so that the script did not raise it.

    Called in the call's asyncio task.
    """
    if isinstance(error, (GeneratorExit, Left)):
        return True  # the loop has ended
    if not isinstance(error, asyncio.CancelledError):
        return is_stop(error)
    call, task = running_call.get(), asyncio.current_task()
    was_stopped = call is not None and call.stop_reason is not None
    # Awaiting a cancelled task of the script raises the same exception. Python 3.11 distinguishes them.
    return was_stopped or task is None or bool(getattr(task, "cancelling", bool)())


def context_of_caller(origin: int) -> contextvars.Context:
    """Returns the context in which synchronous code awaits something: that of its call, or one with its token."""
    context = contextvars.copy_context()
    if running_call.get() is None:
        context.run(running_call.set, Call(origin, "an async function"))
    return context


def cancel(call: Call, loop: ScriptLoopBase) -> None:
    """Cancels a call that has to stop, and repeats it if the call is overdue. Runs as a callback of the call's loop."""
    call.is_held_up = False
    if call.task is None or call.task.done() or (call.is_cancelled and not call.is_overdue):
        return
    call.is_cancelled = not call.is_overdue
    call.task.cancel(call.stop_reason if loop.tells_why else None)
    if not call.is_overdue:
        return
    call.cancellations += 1
    delay_s = _CANCELLED_AGAIN_AFTER_S if call.cancellations == 1 else _AND_AGAIN_AFTER_S
    loop.call_later(delay_s, cancel, call, loop, context=contextvars.Context())


def stopped(call: Call, error: BaseException) -> Failed:
    """Returns the outcome of a call that raised an exception that is not an Exception, mostly when it was stopped."""
    if isinstance(error, asyncio.CancelledError) and call.stop_reason is not None:
        return stopped_by(call.is_overdue, call.stop_reason, error)
    return outcome.stopped(error)


def stopped_by(is_overdue: bool, reason: str, error: Optional[BaseException]) -> Failed:
    """Returns the outcome of a call that was stopped, with the traceback of ``error`` if there is one."""
    kind, stop = ("timedOut", DeadlineExceeded(reason)) if is_overdue else ("failed", Cancelled(reason))
    name, text = fault.type_and_text(stop)
    return Failed(kind, name, text, "" if error is None else fault.traceback_of_stop(error))


def ended_with_script(call: Call) -> Any:
    """Returns the outcome of a call whose loop has ended before the call."""
    message = f"{call.name} was cancelled: its script has ended or was reloaded"
    return call.stopped(Failed("failed", "CancelledError", message))
