"""Workers: stacks that make polls and run tasks, one after the other.

Each entry into Python needs a stack, and a new stack of 60 MB costs more than an empty task. So an idle worker rests
and continues with the next request. If a worker waits inside a poll or a task, the host sees that requests remain, and
wakes or enters another worker. So a wait does not delay other calls.

Each request has a time after which it must not start (``start_limit``). The clock is read before each request, because
the process may have been stopped in between. Another engine may then have taken over the requested work.
"""

from __future__ import annotations

import collections
import contextvars
import itertools
import math
import sys
from typing import Any, Callable, Deque, Dict, Iterable, List, Optional, Tuple

from .._border import bridge, fault, generation, host, javascript, stacks
from .._border.calls import Awaiting
from .._border.outcome import SKIPPED, stopped
from .._border.start_limit import NOT_STARTED, clock
from .._border.stops import DeadlineExceeded
from . import accumulate, attempt, flat_values, graphs, poll, script_loops

#: Time that a worker runs before the host can exchange messages in both directions.
_TURN_S = 0.002
#: Number of calls after which a worker ends, to release stack memory that a deep recursion has used.
_CALLS_OF_ONE_WORKER = 10_000

#: Requests that no worker has taken yet. Each starts with its token and the time after which it must not start. Then
#: come the number of a trigger, or a generation and a batch of calls, or the arguments of `attempt`.
_waiting: Deque[Tuple[Any, ...]] = collections.deque()
_LENGTH_OF_POLL, _LENGTH_OF_BATCH = 3, 4
_START_BEFORE = 1
_skipped: List[int] = []
#: State of the triggers of queued polls, as text, by token. Polls of other triggers are not in it.
_states: Dict[int, str] = {}
#: Separator of states in a message. JSON text cannot contain it.
_BETWEEN_STATES = "\0"


def add_polls(
    batch: Any, start_before: float, is_again: bool, states_text: object = None, max_state_bytes: int = 0
) -> None:
    """Queues polls: a typed array of JavaScript with their tokens, followed by the numbers of their triggers.

    ``start_before`` is a time on `clock`. ``is_again`` puts requests first that were too late before. ``states_text``
    has the states of the triggers in the order of the tokens, if they have states.
    """
    numbers = batch.to_py().tolist()
    count = len(numbers) // 2
    if states_text is not None:
        poll.limit_states(max_state_bytes)
        _states.update(zip(numbers[:count], bridge.text_of(states_text).split(_BETWEEN_STATES)))
    _add(zip(numbers[:count], itertools.repeat(start_before), numbers[count:]), is_again)


def add_task(
    token: int,
    start_before: float,
    is_again: bool,
    generation_number: int,
    workflow: str,
    task_id: str,
    input_text: Any,
) -> None:
    """Queues an attempt."""
    _add([(token, start_before, generation_number, workflow, task_id, input_text)], is_again)


def add_events(
    token: int,
    start_before: float,
    is_again: bool,
    generation_number: int,
    source: str,
    mode: str,
    events_text: Any,
) -> None:
    """Queues events for the function of a source."""
    batch = accumulate.Accumulation(source, mode, events_text)
    _add([(token, start_before, generation_number, batch)], is_again)


def add_graphs(token: int, generation_number: int, names_json: str, payloads_text: Any) -> None:
    """Queues graphs, which have no latest start."""
    _add([(token, math.inf, generation_number, graphs.GraphRuns(names_json, payloads_text))], False)


def _add(requests: Iterable[Tuple[Any, ...]], is_again: bool) -> None:
    bridge.expect_calls()
    if is_again:
        _waiting.extendleft(reversed(list(requests)))
    else:
        _waiting.extend(requests)


def count_waiting() -> int:
    """Returns the number of polls, batches and attempts that no worker has taken yet."""
    return len(_waiting)


def take_skipped() -> Any:
    """Takes the tokens of the polls that skipped since the last call, as a typed array of JavaScript.

    Most polls skip, and a call of the host costs as much as such a poll, so skips are reported together.
    """
    tokens = javascript.integers_of(_skipped)
    _skipped.clear()
    return tokens


def work() -> None:
    """Makes queued calls on this stack, rests if there are none, and ends if enough other workers rest."""
    calls_left = _CALLS_OF_ONE_WORKER
    while calls_left > 0:
        calls_left -= _work_for_a_turn()
        bridge.collect_garbage()
        if not bridge.rest(bool(_waiting), bool(_skipped)):
            return


def _work_for_a_turn() -> int:
    """Makes calls for one turn, and returns their number."""
    made, now = 0, clock.now()
    until = now + _TURN_S
    while _waiting and now <= until:
        if len(_waiting[0]) == _LENGTH_OF_POLL:
            made += _make_polls(until)
        else:
            _make_call(_waiting.popleft())
            made += 1
        now = clock.now()
    # Before the host sends the outcomes of this turn, so that the engine sends late requests again before others.
    while _waiting and now >= _waiting[0][_START_BEFORE]:
        _not_started(_waiting.popleft()[0])
    return made


def _not_started(token: int) -> None:
    _states.pop(token, None)
    NOT_STARTED.report(host.engine, token)


def _make_polls(until: float) -> int:
    """Makes polls on one stack until one of them does more than skip, or adds to the stack. Returns their number."""
    made, token, start_before, now_s = 0, 0, 0.0, clock.now
    owner: Optional[generation.Generation] = None
    outcome: Any = None
    skip, polled, new_context, printed = SKIPPED, generation.polled, contextvars.Context, stacks.running_call
    states = _states
    stack = stacks.Stack(0, generation.PROGRAM)
    before = stacks.enter(stack)
    references = sys.getrefcount(stack)
    try:
        try:
            while _waiting and len(_waiting[0]) == _LENGTH_OF_POLL:
                now = now_s()
                if now > until:
                    break
                token, start_before, number = _waiting.popleft()
                if now >= start_before:
                    _not_started(token)
                    continue
                made += 1
                owner = polled[number][2] if number in polled else None
                stack.become(token, owner or generation.PROGRAM)
                if states and token in states:
                    result = new_context().run(poll.poll_with_state, number, states.pop(token))
                else:
                    result = new_context().run(poll.poll, number)
                if result is not skip:
                    stacks.write_out()
                    outcome = result
                    break
                if printed[stacks.HAS_PRINTED]:
                    stacks.write_out()
                _skipped.append(token)
                stack.token = 0  # a late stop of this call must not stop the next one
                if len(stack.__dict__) > stacks.OWN_ATTRIBUTES or sys.getrefcount(stack) != references:
                    break
        finally:
            stacks.leave(stack, before)
        if isinstance(outcome, Awaiting):
            outcome = script_loops.begin(token, owner or generation.PROGRAM, outcome, start_before)
    except BaseException as error:
        outcome = stopped(fault.that_was_there(error))
    _report(token, outcome)
    return made


def _make_call(call: Tuple[Any, ...]) -> None:
    token, start_before, number, *what = call
    owner = generation.generations.get(number)
    outcome: Any
    is_batch = len(call) == _LENGTH_OF_BATCH
    try:
        if clock.now() >= start_before:
            outcome = NOT_STARTED
        else:
            outcome = _run_batch(token, owner, *what) if is_batch else _run_attempt(token, owner, *what)
        if isinstance(outcome, Awaiting):
            outcome = script_loops.begin(token, owner or generation.PROGRAM, outcome, start_before)
    except BaseException as error:
        outcome = stopped(fault.that_was_there(error))
        if is_batch:
            outcome = what[0].stopped(outcome)
    _report(token, outcome)


def _report(token: int, outcome: Any) -> None:
    """Reports the outcome of a call. None means that there is none yet, or that it was already reported."""
    if outcome is SKIPPED:
        _skipped.append(token)
    elif outcome is not None:
        flat_values.report(token, outcome)


def _run_batch(token: int, owner: Optional[generation.Generation], batch: Any) -> Any:
    return stacks.run_in(stacks.Stack(token, owner), _in_stack, batch.begin, owner)


def _run_attempt(
    token: int, owner: Optional[generation.Generation], workflow: str, task_id: str, input_text: Any
) -> attempt.Result:
    text = bridge.text_of(input_text)
    stack = stacks.Stack(token, owner)
    result: attempt.Result = stacks.run_in(stack, _in_stack, attempt.run, workflow, task_id, text, token)
    return result


def _in_stack(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a function, and flushes its output before its stack is left."""
    try:
        result = function(*arguments)
    except BaseException:
        # A second stop can arrive before the engine knows that the first one worked; the first one is the outcome. Only
        # code of this package may run here, because other frames are treated as the user's: see `fault.that_was_there`.
        try:  # noqa: SIM105
            stacks.write_out()
        except DeadlineExceeded:
            pass
        raise
    stacks.write_out()
    return result
