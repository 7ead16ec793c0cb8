"""What the host calls in an interpreter: start, load a script, poll triggers, run a task, run a program.

Runs only inside the engine. The host enters each function with a stack of its own (``callPromising``), so a wait in
one suspends nobody else. Nothing here decides anything: it calls the user's code and reports what came of it.
"""

from __future__ import annotations

import importlib
import json
from typing import Any, Callable

from .. import _adapt
from .._adapt import interrupts
from .._adapt.threads import threads
from .._border import bridge, host, javascript, restriction, stacks
from .._border.generation import PROGRAM, Generation, begin, drop, generations
from .._declarations import ledger
from . import loading, program, script_loop, script_loops, stack_report, state, workers
from .finish import end_interpreter, wind_up

#: What polls triggers, runs tasks and graphs, and hands events to sources.
add_polls = workers.add_polls
add_task = workers.add_task
add_events = workers.add_events
add_graphs = workers.add_graphs
count_waiting = workers.count_waiting
take_skipped = workers.take_skipped
work = workers.work

#: What is awaited in the loops of scripts.
stop_call = script_loops.stop
is_held_up = script_loops.is_held_up

#: What suspended stacks wait for.
begin_stack_report = stack_report.begin
count_stack_reports = stack_report.count
take_stack_report = stack_report.take


def start(functions: host.Host, settings_json: str) -> None:
    """Makes this interpreter the one of the given process: after a cold start and after a snapshot alike."""
    settings = json.loads(settings_json)
    host.connect(functions)
    bridge.connect(functions.machine.suspension_descriptor, javascript.can_suspend, ledger.take_pending)
    script_loops.connect()
    _adapt.install(settings)
    if settings["isRestricted"]:
        restriction.take_javascript_away()
        restriction.take_border_away()
    if not settings["mayCallNativeCode"]:
        restriction.take_native_code_away()
    importlib.invalidate_caches()


def running_token_address() -> int:
    """Where in the memory the number of the stack that runs stands."""
    return stacks.running_token.buffer_info()[0]


def running_call_address() -> int:
    """Where the numbers stand that say whose output is what is printed."""
    return stacks.running_call.buffer_info()[0]


def load(token: int, generation_number: int, script: str, target_json: str) -> str:
    """Loads a script as a new generation. Returns what it declared, its files, or what is wrong, as JSON."""
    generation = begin(generation_number)
    target, unmet = json.loads(target_json), None
    try:
        unmet = _in_main(token, generation, loading.unmet_requirements, target)
        fault, files = _in_main(token, generation, loading.load, script, target, generation)
    except BaseException as error:  # it was stopped from outside
        fault, files = loading.fault_of(error), []
    declarations = ledger.take_pending_of(generation)
    return json.dumps(
        {
            "declarations": declarations,
            "twins": generation.twins,
            "files": files,
            "fault": fault,
            "requirements": unmet,
        }
    )


def unload(generation_number: int) -> None:
    """Forgets a generation that another has replaced, or that did not come to be."""
    drop(generation_number)
    script_loops.end(generation_number)


def take_state(token: int, generation_number: int) -> str:
    """What a module hands on to the next generation, as JSON."""
    return _exchange_state(token, generation_number, state.take)


def give_state(token: int, generation_number: int, state_json: str) -> str:
    """Hands it what the generation before handed on."""
    return _exchange_state(token, generation_number, state.give, state_json)


def _exchange_state(token: int, generation_number: int, function: Callable[..., str], *arguments: str) -> str:
    generation = generations.get(generation_number)
    try:
        return str(_in_main(token, generation or PROGRAM, function, generation, *arguments))
    except BaseException as error:  # it was stopped from outside
        return state.not_exchanged(error)


def _in_main(token: int, generation: Generation, function: Callable[..., Any], *arguments: Any) -> Any:
    stack = stacks.enter_main(token, generation)
    try:
        return stacks.run_in(stack, function, *arguments)
    finally:
        stacks.leave_main(stack)


def run_program(token: int, target_json: str) -> int:
    """Runs a script as ``python`` would, up to its exit functions, and returns the exit code."""
    return int(_in_main(token, PROGRAM, program.run, json.loads(target_json)))


def run_thread(ident: int) -> None:
    """Runs a thread that Python started, to its end, or drives the loop of a script."""
    drive = script_loop.unstarted.pop(ident, None)
    if drive is not None:
        drive()
    else:
        threads.run_thread(ident)


def finish(token: int) -> None:
    """Does what python does at its end, as far as it is left to do, before the engine ends this interpreter."""
    stack = stacks.enter_main(token)
    try:
        stacks.run_in(stack, wind_up)
        stacks.run_in(stack, end_interpreter)
    finally:
        stacks.leave_main(stack)


def deliver_signals() -> None:
    """Runs the handlers of signals that came in while no script has the main stack."""
    interrupts.deliver()


def flush_declarations() -> None:
    """Sends pending declarations: the host asks for it after `announce`."""
    bridge.send_declarations()
