"""Awaits what async triggers, tasks and callbacks return, each in the event loop of its script.

The loop of a script begins with the first such call, and ends with the script. A call whose time is over is cancelled,
and again when it swallows that; the loop goes on. Called by ``workers`` and ``entry``.
"""

from __future__ import annotations

import contextvars
from typing import Any, Dict, List, Optional, Tuple

from .._border import bridge, host, javascript, stacks
from .._border import calls as border_calls
from .._border.calls import Awaiting, Call, drop
from .._border.calls import running as running_call
from .._border.generation import Generation
from .._loops import awaited_calls
from .._loops.by_generation import LoopsByGeneration
from . import finish, flat_values, poll
from .script_loop import ScriptLoop

_calls: Dict[int, Tuple[Call, ScriptLoop]] = {}
_skipped: List[int] = []


def begin(token: int, generation: Generation, awaiting: Awaiting, start_before: float) -> Any:
    """Has a call awaited. Returns its outcome where it comes to nothing, else None.

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
    """Awaits a call to its end, in a task of its own, and reports what came of it."""
    try:
        outcome = await awaited_calls.outcome_of(awaiting, start_before)
        loop.leave_step()  # what is stopped from here on would never be answered
    except BaseException as error:
        loop.leave_step()  # at once: a call that is overdue is interrupted again and again
        outcome = call.stopped(awaited_calls.stopped(call, error))
    _end_call(call, loop, outcome)


def _end_call(call: Call, loop: ScriptLoop, outcome: Any) -> None:
    if _calls.pop(call.token, None) is None:
        return
    call.task = None
    call.is_held_up = False
    loop.open_tokens.discard(call.token)
    loop.stopping.pop(call.token, None)
    if outcome is poll.SKIPPED:
        _skipped.append(call.token)
    else:
        stacks.write_out()
        flat_values.report(call.token, outcome)


def _end_calls_of(loop: ScriptLoop) -> None:
    """Those that were cancelled before they began, or did not end although they were."""
    for call, owner in list(_calls.values()):
        if owner is loop:
            _end_call(call, loop, awaited_calls.ended_with_script(call))


def _report_skipped() -> None:
    if _skipped:
        host.engine.skipped(javascript.array_of(_skipped))
        _skipped.clear()


# --------------------------------------------------------------------------------------------------- whose time is over


def stop(token: int, reason: str, is_cancelled: bool) -> Optional[int]:
    """Stops a call whose time is over, or whose execution is cancelled, which it hears once.

    Called by the host, outside of stacks.
    Returns None when no call of that number is awaited here. Else the number of a step that keeps the loop from it and
    has no limit itself, which the loop stops when it is signalled; 0 when there is none.
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
    """Whether the loop has not come to a call yet that is to be stopped, since another one blocks it and will end."""
    if token not in _calls:
        return False
    call, loop = _calls[token]
    return call.is_held_up and not loop.is_deaf()


# ----------------------------------------------------------------------------------------------- from synchronous code


def wait_for(awaitable: Any) -> Any:
    """Suspends the calling stack until the loop of its script has awaited something; its loop goes on if it is one."""
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

#: Ends the loop of a generation, soon: what is pending is cancelled.
end = _loops.end


def connect() -> None:
    """From now on async functions are awaited in the loops of their scripts."""
    border_calls.wait_for = wait_for
    finish.end_loops = _loops.end_all
