"""Functions that the host calls in an interpreter: start, load a script, poll triggers, run a task, run a program.

They run only inside the engine. The host enters each function on its own stack (``callPromising``), so a wait in one
function does not suspend others. The functions make no decisions: they call the user's code and report the results.
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

#: Functions that poll triggers, run tasks and graphs, and pass events to sources.
add_polls = workers.add_polls
add_task = workers.add_task
add_events = workers.add_events
add_graphs = workers.add_graphs
count_waiting = workers.count_waiting
take_skipped = workers.take_skipped
work = workers.work

#: Functions for calls that are awaited in the loops of scripts.
stop_call = script_loops.stop
is_held_up = script_loops.is_held_up

#: Functions that report what suspended stacks wait for.
begin_stack_report = stack_report.begin
count_stack_reports = stack_report.count
take_stack_report = stack_report.take


def start(functions: host.Host, settings_json: str) -> None:
    """Initializes this interpreter for the given process, after a cold start or from a snapshot."""
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
    """Returns the memory address of the running stack's token."""
    return stacks.running_token.buffer_info()[0]


def running_call_address() -> int:
    """Returns the memory address of the numbers that identify the origin of printed output."""
    return stacks.running_call.buffer_info()[0]


def load(token: int, generation_number: int, script: str, target_json: str) -> str:
    """Loads a script as a new generation. Returns its declarations, its files and its fault as JSON."""
    generation = begin(generation_number)
    target, unmet = json.loads(target_json), None
    try:
        unmet = _in_main(token, generation, loading.unmet_requirements, target)
        fault, files = _in_main(token, generation, loading.load, script, target, generation)
    except BaseException as error:  # the load was stopped from outside
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
    """Drops a generation that was replaced, or whose load failed."""
    drop(generation_number)
    script_loops.end(generation_number)


def take_state(token: int, generation_number: int) -> str:
    """Returns the state that a module passes to the next generation, as JSON."""
    return _exchange_state(token, generation_number, state.take)


def give_state(token: int, generation_number: int, state_json: str) -> str:
    """Passes the state of the previous generation to a module."""
    return _exchange_state(token, generation_number, state.give, state_json)


def _exchange_state(token: int, generation_number: int, function: Callable[..., str], *arguments: str) -> str:
    generation = generations.get(generation_number)
    try:
        return str(_in_main(token, generation or PROGRAM, function, generation, *arguments))
    except BaseException as error:  # the exchange was stopped from outside
        return state.not_exchanged(error)


def _in_main(token: int, generation: Generation, function: Callable[..., Any], *arguments: Any) -> Any:
    stack = stacks.enter_main(token, generation)
    try:
        return stacks.run_in(stack, function, *arguments)
    finally:
        stacks.leave_main(stack)


def run_program(token: int, target_json: str) -> int:
    """Runs a script as ``python`` would, including its exit functions, and returns the exit code."""
    return int(_in_main(token, PROGRAM, program.run, json.loads(target_json)))


def run_thread(ident: int) -> None:
    """Runs a thread that Python started to its end, or drives the loop of a script."""
    drive = script_loop.unstarted.pop(ident, None)
    if drive is not None:
        drive()
    else:
        threads.run_thread(ident)


def finish(token: int) -> None:
    """Does the remaining work that python does at its end, before the engine ends this interpreter."""
    stack = stacks.enter_main(token)
    try:
        stacks.run_in(stack, wind_up)
        stacks.run_in(stack, end_interpreter)
    finally:
        stacks.leave_main(stack)


def deliver_signals() -> None:
    """Runs the handlers of signals that arrived while no script uses the main stack."""
    interrupts.deliver()


def flush_declarations() -> None:
    """Sends pending declarations. The host calls it after `announce`."""
    bridge.send_declarations()
