"""One attempt of a task: body, output, callbacks. Called by ``entry``; what came of it is returned, not raised.

The input arrives as text, and each party (body, callbacks) gets a context of its own of it, so that nobody's edits
reach anybody else.
"""

from __future__ import annotations

import sys
from typing import Any, Optional, Tuple

from .._border import fault
from .._border.awaiting import awaited
from .._context import Context
from .._declarations import ledger
from .._declarations.declaration import TaskDeclaration
from .._handle import close_handle, open_handle
from .packages import advice

#: "completed" or "failed"; the output's text, None for the input's; type, message and traceback of what went wrong.
Outcome = Tuple[str, Optional[str], str, str, str]


def run(workflow_key: str, task_id: str, input_text: str, run_token: int) -> Outcome:
    """Runs one attempt of a task.

    Exceptions are outcomes, ``SystemExit`` too. What stops an attempt from outside goes through, without callbacks:
    ``KeyboardInterrupt``, an exceeded deadline, and the other exceptions that are no ``Exception``.
    """
    task = ledger.find_task(workflow_key, task_id)
    if task is None:
        message = f"task '{task_id}' of workflow '{workflow_key}' is not declared in this process"
        return ("failed", None, "LookupError", message, "")
    try:
        output_text = _output_of(task, input_text, _run_body(task, input_text, run_token))
    except (Exception, SystemExit) as error:
        return _failed(task, input_text, error)
    if task.on_success is not None:
        _call_back("on_success", task.on_success, task_id, task_id, Context._from_text(output_text))
    # A large context that nobody changed need not travel back.
    return ("completed", None if output_text is input_text else output_text, "", "", "")


def _run_body(task: TaskDeclaration, input_text: str, run_token: int) -> Any:
    context = Context._from_text(input_text)
    if not task.takes_handle:
        return awaited(task.function(context))
    handle = open_handle(run_token)
    try:
        return awaited(task.function(context, handle))
    finally:
        close_handle(handle)


def _output_of(task: TaskDeclaration, input_text: str, returned: Any) -> str:
    if isinstance(returned, Context):
        return returned._text()
    if returned is None:
        return input_text
    raise TypeError(f"task '{task.id}' must return a Context or None, got {type(returned).__name__}")


def _failed(task: TaskDeclaration, input_text: str, error: BaseException) -> Outcome:
    advice.attach(error)
    type_name, text = fault.type_and_text(error)
    message = f"Python task execution failed: {text}"
    trace = fault.traceback_text(error)
    if task.on_failure is not None:
        _call_back("on_failure", task.on_failure, task.id, task.id, message, Context._from_text(input_text))
    return ("failed", None, type_name, message, trace)


def _call_back(kind: str, function: Any, task_id: str, *arguments: Any) -> None:
    """Calls a callback. Its failure is printed and changes nothing."""
    try:
        awaited(function(*arguments))
    except (Exception, SystemExit) as error:
        text = fault.type_and_text(error)[1]
        print(f"[cloaca] {kind} callback failed for task '{task_id}': {text}", file=sys.stderr)
