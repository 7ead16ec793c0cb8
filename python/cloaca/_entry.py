"""What the host calls in an interpreter: start, load a script, poll triggers, run a task, run a program.

Runs only inside the engine. The host enters each function with a stack of its own (``callPromising``), so a wait in
one suspends nobody else. Nothing here decides anything: it calls the user's code and reports what came of it.
"""

from __future__ import annotations

import collections
import importlib
import json
from typing import Any, Callable, Deque, List, Tuple

from . import _attempt, _bridge, _fault, _finish, _generation, _ledger, _loading, _poll, _program, _stacks

_host: Any = None
_polls: Deque[Tuple[int, int]] = collections.deque()
_skipped: List[int] = []


def start(host: Any, settings_json: str, machine: Any) -> None:
    """Makes this interpreter the one of the given process: after a cold start and after a snapshot alike."""
    from pyodide.ffi import can_run_sync

    from . import _adapt

    global _host
    _host = host
    settings = json.loads(settings_json)
    _bridge.connect(host, machine.suspension_descriptor, can_run_sync, _ledger.take_pending)
    _adapt.install(host, settings, machine)
    importlib.invalidate_caches()


def running_token_address() -> int:
    """Where in the memory the number of the stack that runs stands."""
    return _stacks.running_token.buffer_info()[0]


def load(token: int, generation_number: int, script: str, target_json: str) -> str:
    """Loads a script as a new generation. Returns what it declared, its files, or what is wrong, as JSON."""
    generation = _generation.begin(generation_number)
    try:
        fault = _in_main(token, generation, _loading.load, script, json.loads(target_json), generation)
    except BaseException as error:  # it was stopped from outside
        fault = _loading.fault_of(error)
    declarations = _ledger.take_pending_of(generation)
    return json.dumps({"declarations": declarations, "files": _loading.files_of(script), "fault": fault})


def unload(generation_number: int) -> None:
    """Forgets a generation that another has replaced, or that did not come to be."""
    _generation.drop(generation_number)


def take_state(token: int, generation_number: int) -> str:
    """What a module wants to hand on to the next generation, as JSON."""
    generation = _generation.generations[generation_number]
    return json.dumps(_in_main(token, generation, _loading.take_state, generation))


def give_state(token: int, generation_number: int, state_json: str) -> None:
    """Hands it what the generation before handed on."""
    generation = _generation.generations[generation_number]
    _in_main(token, generation, _loading.give_state, generation, json.loads(state_json)["values"])


def _in_main(token: int, generation: _generation.Generation, function: Callable[..., Any], *arguments: Any) -> Any:
    stack = _stacks.enter_main(token, generation)
    try:
        return _stacks.run_in(stack, function, *arguments)
    finally:
        _stacks.leave_main(stack)


def enqueue_polls(batch: Any) -> None:
    """Takes polls to make: a flat sequence of token, number of the trigger, token, number, ..."""
    items = iter(batch.to_py())
    _polls.extend(zip(items, items))


def polls_waiting() -> int:
    """How many polls no stack has taken yet."""
    return len(_polls)


def take_skipped() -> Any:
    """The tokens of the polls that skipped since the last time, as an array of JavaScript's."""
    from pyodide.ffi import to_js

    tokens = to_js(_skipped)
    _skipped.clear()
    return tokens


def drain_polls() -> None:
    """Makes polls on this stack until none is left.

    When one of them waits, the host sees polls left over and enters another stack for them, so that a slow trigger
    delays nobody. Most polls skip, and a call into the host costs as much as such a poll: they are told in one.
    """
    skipped, outcome = _skipped.append, _host.outcome
    poll, run_in, stack_for, polled = _poll.poll, _stacks.run_in, _stacks.Stack, _generation.polled
    while _polls:
        token, number = _polls.popleft()
        generation = polled[number][2] if number in polled else None
        try:
            kind, text, error_type, message, trace = run_in(stack_for(token, generation), poll, number)
        except BaseException as error:
            outcome(token, *_stopped(error))
            continue
        if kind == "skipped":
            skipped(token)
        else:
            outcome(token, kind, text, error_type, message, trace)
    _bridge.collect_garbage()


def run_task(token: int, generation_number: int, workflow: str, task_id: str, input_text: Any) -> None:
    """Runs one attempt of a task and reports how it ended."""
    try:
        text = _bridge.text_of(input_text)
        generation = _generation.generations.get(generation_number)
        result = _stacks.run_in(_stacks.Stack(token, generation), _attempt.run, workflow, task_id, text, token)
    except BaseException as error:
        result = _stopped(error)
    _host.outcome(token, *result)
    _bridge.collect_garbage()


def run_program(token: int, target_json: str) -> int:
    """Runs a script as ``python`` would, up to its exit functions, and returns the exit code."""
    return int(_in_main(token, _generation.PROGRAM, _program.run, json.loads(target_json)))


def run_thread(ident: int) -> None:
    """Runs a thread that Python started, to its end."""
    from ._adapt import _threads

    _threads.run_thread(ident)


def finish(token: int) -> None:
    """Does what python does at its end, as far as it is left to do, before the engine ends this interpreter."""
    stack = _stacks.enter_main(token)
    try:
        _stacks.run_in(stack, _finish.wind_up)
        _stacks.run_in(stack, _finish.finish)
    finally:
        _stacks.leave_main(stack)


def deliver_signals() -> None:
    """Runs the handlers of signals that came in while no script has the main stack."""
    from ._adapt import _interrupts

    _interrupts.deliver()


def flush_declarations() -> None:
    """Sends pending declarations: the host asks for it after `announce`."""
    _bridge.send_declarations()


def _stopped(error: BaseException) -> Tuple[str, None, str, str, str]:
    """The outcome of a call that was stopped from outside: overdue, or interrupted."""
    kind = "timedOut" if isinstance(error, _bridge.DeadlineExceeded) else "failed"
    name, text = _fault.type_and_text(error)
    return (kind, None, name, text, _fault.traceback_text(error))
