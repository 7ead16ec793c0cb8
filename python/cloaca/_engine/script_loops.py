"""Awaits the results of async triggers, tasks and callbacks, each in the event loop of its script.

The loop of a script starts with the first such call, and ends with the script. An overdue call is cancelled, and
cancelled again if it swallows the cancellation; the loop continues. ``workers`` and ``entry`` call this module.
"""

from __future__ import annotations

import contextvars
from typing import Any, Dict, List, Optional, Tuple

from .._border import bridge, host, javascript, stacks
from .._border import calls as border_calls
from .._border.calls import Awaiting, Call, drop
from .._border.calls import running as running_call
from .._border.generation import Generation
from .._border.outcome import SKIPPED
from .._loops import awaited_calls
from .._loops.by_generation import LoopsByGeneration
from . import finish, flat_values
from .script_loop import ScriptLoop

_calls: Dict[int, Tuple[Call, ScriptLoop]] = {}
_skipped: List[int] = []


def begin(token: int, generation: Generation, awaiting: Awaiting, start_before: float) -> Any:
    """Schedules a call to be awaited. Returns its outcome if it was already stopped, else None.

    ``start_before``: see ``start_limit``.
    """
    stop_at_once = host.waits.take_stop(token)
    if stop_at_once is not None:
        drop(awaiting.awaitable)
        is_overdue, reason = str(stop_at_once[0]) == "overdue", str(stop_at_once[1])
        return awaiting.stopped(awaited_calls.stopped_by(is_overdue, reason, None))
    try:
        loop = _loops.of(generation)
    except BaseException:
        drop(awaiting.awaitable)
        raise
    call = Call(token, awaiting.name, awaiting.stopped)
    awaiting.context.run(running_call.set, call)
    _calls[token] = (call, loop)
    loop.open_tokens.add(token)
    call.task = loop.admit(_make(call, loop, awaiting, start_before), awaiting.context)
    return None


async def _make(call: Call, loop: ScriptLoop, awaiting: Awaiting, start_before: float) -> None:
    """Awaits a call in its own task, and reports its outcome."""
    try:
        outcome = await awaited_calls.outcome_of(awaiting, start_before)
        loop.leave_step()  # a stop after this line would leave the call without an answer
    except BaseException as error:
        # An overdue call is interrupted repeatedly. Python checks for interrupts when a function begins, not here.
        loop.is_in_step = False
        loop.leave_step()
        outcome = call.stopped(awaited_calls.stopped(call, error))
    _end_call(call, loop, outcome)


def _end_call(call: Call, loop: ScriptLoop, outcome: Any) -> None:
    if _calls.pop(call.token, None) is None:
        return
    call.task = None
    call.is_held_up = False
    loop.open_tokens.discard(call.token)
    loop.stopping.pop(call.token, None)
    if outcome is SKIPPED:
        _skipped.append(call.token)
    else:
        stacks.write_out()
        flat_values.report(call.token, outcome)


def _end_calls_of(loop: ScriptLoop) -> None:
    """Reports the calls of a loop that were cancelled before they began, or that did not end although cancelled."""
    for call, owner in list(_calls.values()):
        if owner is loop:
            _end_call(call, loop, awaited_calls.ended_with_script(call))


def _report_skipped() -> None:
    if _skipped:
        host.engine.skipped(javascript.array_of(_skipped))
        _skipped.clear()


# --------------------------------------------------------------------------------------------------- whose time is over


def stop(token: int, reason: str, is_cancelled: bool) -> Optional[int]:
    """Stops an overdue or cancelled call. A call is notified of a cancellation once.

    The host calls it outside of stacks. It returns None if no call with this token is awaited here. Otherwise it
    returns the number of a step without its own time limit that prevents the stop, or 0. The loop stops that step when
    it is signalled.
    """
    if token not in _calls:
        return None
    call, loop = _calls[token]
    call.stop_reason = reason
    call.is_overdue = not is_cancelled
    call.is_held_up = True
    loop.stopping[token] = call
    loop.call_soon_threadsafe(awaited_calls.cancel, call, loop, context=contextvars.Context())
    if loop.is_in_step and loop.stack.token not in loop.open_tokens:
        return loop.stack.token
    return 0


def is_held_up(token: int) -> bool:
    """Returns whether the stop of a call is delayed because another step blocks the loop and can still be stopped."""
    if token not in _calls:
        return False
    call, loop = _calls[token]
    return call.is_held_up and not loop.is_deaf()


# ----------------------------------------------------------------------------------------------- from synchronous code


def wait_for(awaitable: Any) -> Any:
    """Suspends the calling stack until the loop of its script has awaited an object. A loop of the caller continues."""
    stack = stacks.running
    loop = stack.loop if isinstance(stack.loop, ScriptLoop) else _loops.of(stack.generation)
    context = awaited_calls.context_of_caller(stack.origin)
    event = bridge.new_event()
    task = loop.admit(border_calls.result_of(awaitable), context)
    loop.call_soon_threadsafe(task.add_done_callback, lambda _: bridge.set_event(event))
    try:
        bridge.meanwhile(lambda: bridge.wait_event(event))
    except BaseException:
        loop.call_soon_threadsafe(task.cancel)
        raise
    return task.result()


# ------------------------------------------------------------------------------------------------- the end of a script

_loops = LoopsByGeneration(ScriptLoop, _report_skipped, _end_calls_of)

#: Ends the loop of a generation soon, and cancels its pending work.
end = _loops.end


def connect() -> None:
    """From now on awaits the results of async functions in the loops of their scripts."""
    border_calls.wait_for = wait_for
    finish.end_loops = _loops.end_all
