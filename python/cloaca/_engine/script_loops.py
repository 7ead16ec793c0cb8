"""Awaits what async triggers, tasks and callbacks return, each in the event loop of its script.

The loop of a script begins with the first such call, and ends with the script. A call whose time is over is cancelled,
and again when it swallows that; the loop goes on. Called by ``workers`` and ``entry``.
"""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any, Dict, List, Optional, Tuple

from .._border import awaiting as border_awaiting
from .._border import bridge, fault, host, javascript, stacks
from .._border.calls import Awaiting, Call
from .._border.calls import running as running_call
from .._border.cancelled import Cancelled
from .._border.generation import Generation, generations
from . import finish, flat_values, poll
from .script_loop import ScriptLoop

Outcome = Tuple[str, Optional[str], str, str, str]

#: A call that goes on after it was cancelled may have something to clean up.
_CANCELLED_AGAIN_AFTER_S, _AND_AGAIN_AFTER_S = 1.0, 0.1
_ENDS_WITHIN_MS = 1_700

_loops: Dict[int, ScriptLoop] = {}
_calls: Dict[int, Tuple[Call, ScriptLoop]] = {}
_skipped: List[int] = []


def begin(token: int, generation: Generation, awaiting: Awaiting) -> Any:
    """Has a call awaited. Returns its outcome where it comes to nothing, else None."""
    stop_at_once = host.waits.take_stop(token)
    if stop_at_once is not None:
        _drop(awaiting.awaitable)
        return awaiting.stopped(_stopped_by(str(stop_at_once[0]) == "overdue", str(stop_at_once[1]), None))
    try:
        loop = _loop_of(generation)
    except BaseException:
        _drop(awaiting.awaitable)
        raise
    call = Call(token, awaiting.name, awaiting.stopped)
    awaiting.context.run(running_call.set, call)
    _calls[token] = (call, loop)
    loop.open_tokens.add(token)
    call.task = loop.admit(_make(call, loop, awaiting), awaiting.context)
    return None


def _loop_of(generation: Generation) -> ScriptLoop:
    loop = _loops.get(generation.number)
    if loop is None:
        if generations.get(generation.number) is not generation:
            raise RuntimeError("the script has ended, or has been loaded again")
        loop = ScriptLoop(generation)
        loop.before_wait = _report_skipped
        loop.after_end = lambda: _end_calls_of(loop)
        loop.start()
        _loops[generation.number] = loop
    return loop


def _drop(awaitable: Any) -> None:
    close = getattr(awaitable, "close", None)
    if close is not None:
        close()


async def _make(call: Call, loop: ScriptLoop, awaiting: Awaiting) -> None:
    """Awaits a call to its end, in a task of its own, and reports what came of it."""
    try:
        outcome = await _outcome_of(awaiting)
    except BaseException as error:
        loop.leave_step()  # at once: a call that is overdue is interrupted again and again
        outcome = call.stopped(_stopped(call, error))
    _end_call(call, loop, outcome)


async def _outcome_of(awaiting: Awaiting) -> Any:
    while True:
        try:
            value = await awaiting.awaitable
        except (Exception, SystemExit) as error:
            result = awaiting.ended(None, error)
        else:
            result = awaiting.ended(value, None)
        if type(result) is not Awaiting:
            return result
        awaiting = result


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
            message = f"{call.name} was cancelled: its script has ended, or has been loaded again"
            _end_call(call, loop, call.stopped(("failed", None, "CancelledError", message, "")))


def _report_skipped() -> None:
    if _skipped:
        host.engine.skipped(javascript.array_of(_skipped))
        _skipped.clear()


def _stopped(call: Call, error: BaseException) -> Outcome:
    if isinstance(error, asyncio.CancelledError) and call.stop_reason is not None:
        return _stopped_by(call.is_overdue, call.stop_reason, error)
    kind = "timedOut" if isinstance(error, bridge.DeadlineExceeded) else "failed"
    name, text = fault.type_and_text(error)
    return (kind, None, name, text, fault.traceback_text(error))


def _stopped_by(is_overdue: bool, reason: str, error: Optional[BaseException]) -> Outcome:
    name, text = fault.type_and_text(bridge.DeadlineExceeded(reason) if is_overdue else Cancelled(reason))
    return (
        "timedOut" if is_overdue else "failed",
        None,
        name,
        text,
        "" if error is None else fault.traceback_text(error),
    )


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
    loop.call_soon_threadsafe(_cancel, call, loop, context=contextvars.Context())
    if loop.is_in_step and loop.stack.token not in loop.open_tokens:
        return loop.stack.token
    return 0


def is_held_up(token: int) -> bool:
    """Whether the loop has not come to a call yet that is to be stopped, since another one blocks it and will end."""
    if token not in _calls:
        return False
    call, loop = _calls[token]
    return call.is_held_up and not loop.is_deaf()


def _cancel(call: Call, loop: ScriptLoop) -> None:
    call.is_held_up = False
    if call.task is None or call.task.done() or (call.is_cancelled and not call.is_overdue):
        return
    call.is_cancelled = not call.is_overdue
    call.task.cancel(call.stop_reason)
    if not call.is_overdue:
        return
    call.cancellations += 1
    delay_s = _CANCELLED_AGAIN_AFTER_S if call.cancellations == 1 else _AND_AGAIN_AFTER_S
    loop.call_later(delay_s, _cancel, call, loop, context=contextvars.Context())


# ----------------------------------------------------------------------------------------------- from synchronous code


def wait_for(awaitable: Any) -> Any:
    """Suspends the calling stack until the loop of its script has awaited something; its loop goes on if it is one."""
    stack = stacks.running
    loop = stack.loop if isinstance(stack.loop, ScriptLoop) else _loop_of(stack.generation)
    context = contextvars.copy_context()
    if running_call.get() is None:
        context.run(running_call.set, Call(stack.origin, "an async function"))
    event = bridge.new_event()
    task = loop.admit(_await(awaitable), context)
    loop.call_soon_threadsafe(task.add_done_callback, lambda _: bridge.set_event(event))
    try:
        bridge.meanwhile(lambda: bridge.wait_event(event))
    except BaseException:
        loop.call_soon_threadsafe(task.cancel)
        raise
    return task.result()


async def _await(awaitable: Any) -> Any:
    return await awaitable


# ------------------------------------------------------------------------------------------------- the end of a script


def end(generation_number: int) -> None:
    """Ends the loop of a generation, soon: what is pending is cancelled."""
    loop = _loops.pop(generation_number, None)
    if loop is not None:
        loop.end()


def end_all() -> None:
    """Ends all loops, and waits for that for a while."""
    loops = list(_loops.values())
    for number in list(_loops):
        end(number)
    for loop in loops:
        loop.wait_for_end(_ENDS_WITHIN_MS)


def connect() -> None:
    """From now on async functions are awaited in the loops of their scripts."""
    border_awaiting.wait_for = wait_for
    finish.end_loops = end_all
