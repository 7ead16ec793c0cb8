"""What the host calls in an interpreter: start, load a script, poll triggers, run a task, run a program.

Runs only inside the engine. The host enters each function with a stack of its own (``callPromising``), so a wait in
one suspends nobody else. Nothing here decides anything: it calls the user's code and reports what came of it.
"""

from __future__ import annotations

import collections
import importlib
import importlib.util
import json
import os
import sys
from typing import Any, Deque, Dict, List, Optional, Tuple

from . import _attempt, _bridge, _fault, _finish, _ledger, _poll, _program, _stacks

_host: Any = None
_polls: Deque[Tuple[int, str]] = collections.deque()
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


def load(token: int, script_id: str, target_json: str) -> str:
    """Imports one file or module and returns what it declared, or why it cannot be loaded, as JSON."""
    _ledger.take_pending()
    stack = _stacks.enter_main(token)
    try:
        fault = _stacks.run_in(stack, _load_target, json.loads(target_json))
    finally:
        _stacks.leave_main(stack)
    return json.dumps({"declarations": _ledger.take_pending(), "fault": fault})


def _load_target(target: Dict[str, str]) -> Optional[Dict[str, Any]]:
    try:
        if target["kind"] == "file":
            _import_file(target["path"])
        else:
            if os.getcwd() not in sys.path:
                sys.path.insert(0, os.getcwd())  # as ``python -m`` does
            importlib.import_module(target["name"])
    except (Exception, SystemExit) as error:
        return {
            "type": type(error).__name__,
            "message": error.msg if isinstance(error, SyntaxError) else str(error),
            "traceback": _program.format_user_traceback(error),
            "place": _program.place_of(error),
        }
    return None


def _import_file(path: str) -> None:
    """Imports a file as python would from its folder: its neighbours are importable, its name is its stem.

    A file that was imported before is imported anew.
    """
    folder, name = os.path.dirname(path), os.path.splitext(os.path.basename(path))[0]
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) != path:
        name = f"{name}@{path}"  # another folder's file of that name, or a module of the standard library
    spec: Any = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file: its name does not end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise


def enqueue_polls(batch: Any) -> None:
    """Takes polls to make: a flat sequence of token, trigger name, token, trigger name, ..."""
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
    poll, run_in, stack_for = _poll.poll, _stacks.run_in, _stacks.Stack
    while _polls:
        token, name = _polls.popleft()
        try:
            kind, text, error_type, message, trace = run_in(stack_for(token), poll, name)
        except BaseException as error:
            outcome(token, *_stopped(error))
            continue
        if kind == "skipped":
            skipped(token)
        else:
            outcome(token, kind, text, error_type, message, trace)
    _bridge.collect_garbage()


def run_task(token: int, workflow: str, task_id: str, input_text: Any) -> None:
    """Runs one attempt of a task and reports how it ended."""
    try:
        text = _bridge.text_of(input_text)
        result = _stacks.run_in(_stacks.Stack(token), _attempt.run, workflow, task_id, text, token)
    except BaseException as error:
        result = _stopped(error)
    _host.outcome(token, *result)
    _bridge.collect_garbage()


def run_program(token: int, target_json: str) -> int:
    """Runs a script as ``python`` would, up to its exit functions, and returns the exit code."""
    stack = _stacks.enter_main(token)
    try:
        return int(_stacks.run_in(stack, _program.run, json.loads(target_json)))
    finally:
        _stacks.leave_main(stack)


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
