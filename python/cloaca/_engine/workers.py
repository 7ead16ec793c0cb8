"""Workers: stacks that make polls and run tasks, one after the other.

Entering Python takes a stack, and a new one of 60 MB costs more than a task that does nothing. So a worker that has
nothing to do rests, and goes on with what comes next. When one waits inside a poll or a task, the host sees work left
over and wakes or enters another, so that nobody delays others by waiting.
"""

from __future__ import annotations

import collections
import contextvars
import sys
import time
from typing import Any, Callable, Deque, List, Optional, Tuple

from .._border import bridge, fault, generation, javascript, stacks
from .._border.calls import Awaiting
from . import accumulate, attempt, flat_values, graphs, poll, script_loops

#: For so long a worker goes on before the host has its turn, for messages in both directions.
_TURN_S = 0.002
#: Reading the clock costs a fifth of a poll that skips.
_SKIPS_BETWEEN_CLOCK_READS = 0xF
#: What a deep recursion took of a stack's memory is given back with the stack, so none lasts for ever.
_CALLS_OF_ONE_WORKER = 10_000

#: What no worker has taken yet, as it came: token and number of a trigger; token, generation and a batch of calls; or
#: token and what `attempt` needs.
_waiting: Deque[Tuple[Any, ...]] = collections.deque()
_LENGTH_OF_POLL, _LENGTH_OF_BATCH = 2, 3
_skipped: List[int] = []


def add_polls(batch: Any) -> None:
    """Takes polls to make: their tokens, and then as many numbers of triggers, as a typed array of JavaScript's."""
    bridge.expect_calls()
    numbers = batch.to_py().tolist()
    count = len(numbers) // 2
    _waiting.extend(zip(numbers[:count], numbers[count:]))


def add_task(token: int, generation_number: int, workflow: str, task_id: str, input_text: Any) -> None:
    """Takes an attempt to run."""
    bridge.expect_calls()
    _waiting.append((token, generation_number, workflow, task_id, input_text))


def add_events(token: int, generation_number: int, source: str, mode: str, events_text: Any) -> None:
    """Takes events for the function of a source."""
    bridge.expect_calls()
    _waiting.append((token, generation_number, accumulate.Accumulation(source, mode, events_text)))


def add_graphs(token: int, generation_number: int, names_json: str, payloads_text: Any) -> None:
    """Takes graphs to run."""
    bridge.expect_calls()
    _waiting.append((token, generation_number, graphs.GraphRuns(names_json, payloads_text)))


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
    made = 0
    until = time.monotonic() + _TURN_S
    while _waiting:
        if len(_waiting[0]) == _LENGTH_OF_POLL:
            made += _make_polls(until)
        else:
            _make_call(_waiting.popleft())
            made += 1
        if time.monotonic() > until:
            break
    return made


def _make_polls(until: float) -> int:
    """Makes polls, all on one stack, until one does more than skip or leaves something behind. Returns how many."""
    made, token = 0, 0
    owner: Optional[generation.Generation] = None
    outcome: Any = None
    skip, polled, new_context, printed = poll.SKIPPED, generation.polled, contextvars.Context, stacks.running_call
    stack = stacks.Stack(0, generation.PROGRAM)
    before = stacks.enter(stack)
    references = sys.getrefcount(stack)
    try:
        try:
            while _waiting and len(_waiting[0]) == _LENGTH_OF_POLL:
                token, number = _waiting.popleft()
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
                if not made & _SKIPS_BETWEEN_CLOCK_READS and time.monotonic() > until:
                    break
        finally:
            stacks.leave(stack, before)
        if isinstance(outcome, Awaiting):
            outcome = script_loops.begin(token, owner or generation.PROGRAM, outcome)
    except BaseException as error:
        outcome = _stopped(error)
    _report(token, outcome)
    return made


def _make_call(call: Tuple[Any, ...]) -> None:
    token, owner = call[0], generation.generations.get(call[1])
    outcome: Any
    try:
        outcome = _run_batch(owner, *call) if len(call) == _LENGTH_OF_BATCH else _run_attempt(owner, *call)
        if isinstance(outcome, Awaiting):
            outcome = script_loops.begin(token, owner or generation.PROGRAM, outcome)
    except BaseException as error:
        outcome = _stopped(error)
        if len(call) == _LENGTH_OF_BATCH:
            outcome = call[2].stopped(outcome)
    _report(token, outcome)


def _report(token: int, outcome: Any) -> None:
    """Tells what came of a call; None: nothing yet, or it has been told."""
    if outcome is poll.SKIPPED:
        _skipped.append(token)
    elif outcome is not None:
        flat_values.report(token, outcome)


def _run_batch(owner: Optional[generation.Generation], token: int, _: int, batch: Any) -> Any:
    return stacks.run_in(stacks.Stack(token, owner), _in_stack, batch.begin, owner)


def _run_attempt(
    owner: Optional[generation.Generation], token: int, _: int, workflow: str, task_id: str, input_text: Any
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
