"""Workers: stacks that make polls and run tasks, one after the other.

Entering Python takes a stack, and a new one of 60 MB costs more than a task that does nothing. So a worker that has
nothing to do rests, and goes on with what comes next. When one waits inside a poll or a task, the host sees work left
over and wakes or enters another, so that nobody delays others by waiting.

Each request has a time from which on it is not started (``start_limit``). The clock is read before each request, since
the process may have been stopped after the one before: then another engine may have taken over what was requested.
"""

from __future__ import annotations

import collections
import contextvars
import itertools
import math
import sys
from typing import Any, Callable, Deque, Iterable, List, Optional, Tuple

from .._border import bridge, fault, generation, javascript, stacks
from .._border.calls import Awaiting
from .._border.start_limit import NOT_STARTED, clock
from . import accumulate, attempt, flat_values, graphs, poll, script_loops

#: For so long a worker goes on before the host has its turn, for messages in both directions.
_TURN_S = 0.002
#: What a deep recursion took of a stack's memory is given back with the stack, so none lasts for ever.
_CALLS_OF_ONE_WORKER = 10_000

#: Requests that no worker has taken yet. Each begins with its token and the time from which on it is not started. Then
#: comes the number of a trigger; a generation and a batch of calls; or the arguments of `attempt`.
_waiting: Deque[Tuple[Any, ...]] = collections.deque()
_LENGTH_OF_POLL, _LENGTH_OF_BATCH = 3, 4
_START_BEFORE = 1
_skipped: List[int] = []


def add_polls(batch: Any, start_before: float, is_again: bool) -> None:
    """Takes polls to make: their tokens, and then as many numbers of triggers, as a typed array of JavaScript's.

    ``start_before``: time on `clock`. ``is_again``: they were too late before, and precede other requests.
    """
    numbers = batch.to_py().tolist()
    count = len(numbers) // 2
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
    """Takes an attempt to run."""
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
    """Takes events for the function of a source."""
    batch = accumulate.Accumulation(source, mode, events_text)
    _add([(token, start_before, generation_number, batch)], is_again)


def add_graphs(token: int, generation_number: int, names_json: str, payloads_text: Any) -> None:
    """Takes graphs to run, which may start at any time."""
    _add([(token, math.inf, generation_number, graphs.GraphRuns(names_json, payloads_text))], False)


def _add(requests: Iterable[Tuple[Any, ...]], is_again: bool) -> None:
    bridge.expect_calls()
    if is_again:
        _waiting.extendleft(reversed(list(requests)))
    else:
        _waiting.extend(requests)


def count_waiting() -> int:
    """How many polls, batches and attempts no worker has taken yet."""
    return len(_waiting)


def take_skipped() -> Any:
    """The tokens of the polls that skipped since the last time, as a typed array of JavaScript's.

    Most polls skip, and a call into the host costs as much as such a poll: they are reported in one.
    """
    tokens = javascript.integers_of(_skipped)
    _skipped.clear()
    return tokens


def work() -> None:
    """Makes what waits on this stack, rests while there is nothing, and ends when enough others rest."""
    calls_left = _CALLS_OF_ONE_WORKER
    while calls_left > 0:
        calls_left -= _work_for_a_turn()
        bridge.collect_garbage()
        if not bridge.rest(bool(_waiting), bool(_skipped)):
            return


def _work_for_a_turn() -> int:
    """Returns how many calls it made."""
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
        NOT_STARTED.report(_waiting.popleft()[0])
    return made


def _make_polls(until: float) -> int:
    """Makes polls, all on one stack, until one does more than skip or leaves something behind. Returns how many."""
    made, token, start_before, now_s = 0, 0, 0.0, clock.now
    owner: Optional[generation.Generation] = None
    outcome: Any = None
    skip, polled, new_context, printed = poll.SKIPPED, generation.polled, contextvars.Context, stacks.running_call
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
                    NOT_STARTED.report(token)
                    continue
                made += 1
                owner = polled[number][2] if number in polled else None
                stack.become(token, owner or generation.PROGRAM)
                result = new_context().run(poll.poll, number)
                if result is not skip:
                    stacks.write_out()
                    outcome = result
                    break
                if printed[stacks.HAS_PRINTED]:
                    stacks.write_out()
                _skipped.append(token)
                stack.token = 0  # what stops a call comes too late for this one, and must not meet the next
                if len(stack.__dict__) > stacks.OWN_ATTRIBUTES or sys.getrefcount(stack) != references:
                    break
        finally:
            stacks.leave(stack, before)
        if isinstance(outcome, Awaiting):
            outcome = script_loops.begin(token, owner or generation.PROGRAM, outcome, start_before)
    except BaseException as error:
        outcome = _stopped(error)
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
        outcome = _stopped(error)
        if is_batch:
            outcome = what[0].stopped(outcome)
    _report(token, outcome)


def _report(token: int, outcome: Any) -> None:
    """Tells what came of a call; None: nothing yet, or it has been told."""
    if outcome is poll.SKIPPED:
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
    """Calls a function, and writes out what it printed before its stack is left."""
    try:
        result = function(*arguments)
    except BaseException:
        # It may be said again before the engine knows that it was heard: the first one is the outcome. Only files of
        # this package may be at work here, since another is taken for the user's: see `fault.that_was_there`.
        try:  # noqa: SIM105
            stacks.write_out()
        except bridge.DeadlineExceeded:
            pass
        raise
    stacks.write_out()
    return result


def _stopped(error: BaseException) -> attempt.Outcome:
    """The outcome of a call that was stopped from outside: overdue, or interrupted."""
    error = fault.that_was_there(error)
    kind = "timedOut" if isinstance(error, bridge.DeadlineExceeded) else "failed"
    name, text = fault.type_and_text(error)
    return (kind, None, name, text, fault.traceback_text(error))
