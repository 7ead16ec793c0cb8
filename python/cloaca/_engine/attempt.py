"""One attempt of a task: body, output, graph, callbacks.

``entry`` calls it. Results and errors are returned, not raised.

The input arrives as text. The body and each callback get their own context made from it, so that no change affects
another one.
"""

from __future__ import annotations

import sys
from typing import Any, Generator, Optional, Union

from .._border import fault
from .._border.calls import Awaiting, drop, is_awaitable, is_untouched
from .._border.outcome import Completed, Failed, TriedLater
from .._border.stops import is_parked, is_stop
from .._context import Context
from .._declarations import ledger
from .._declarations.declaration import TaskDeclaration
from .._graphs.invocation import invoke
from .._graphs.plan import GraphFailed
from .._handle import RunningTask, TaskHandle, close_handle, open_handle
from .._limits.try_later import later_of
from .packages import advice

#: Message of the error of a task that returned although it was parked.
_PARKED_CAUGHT = (
    "the task caught the Parked exception of handle.run() and returned. Raise the exception again, so that the task "
    "can start again after the end of the child execution"
)

Outcome = Union[Completed, Failed, TriedLater]
Result = Union[Outcome, Awaiting]


def run(workflow_key: str, task_id: str, input_text: str, run_token: int) -> Result:
    """Runs one attempt of a declared task: see `run_task`. ``run_token`` is the engine's number of the attempt."""
    task = ledger.find_task(workflow_key, task_id)
    if task is None:
        message = f"task '{task_id}' of workflow '{workflow_key}' is not declared in this process"
        return Failed("failed", "LookupError", message)
    return run_task(task, workflow_key, input_text, run_token)


def run_task(task: TaskDeclaration, workflow_key: str, input_text: str, running: Union[int, RunningTask]) -> Result:
    """Runs one attempt of a task. The caller awaits the result of an async body or callback.

    All exceptions become outcomes, except a stop of the attempt from outside, which is re-raised without calling
    callbacks: see `is_stop`.
    """
    attempt = _Attempt(task, f"task '{task.id}' of workflow '{workflow_key}'", input_text)
    try:
        context = Context._from_text(input_text)
        returned = _run_with_handle(attempt, context, running) if task.takes_handle else task.function(context)
    except BaseException as error:
        if is_stop(error):
            raise
        return attempt.body_ended(None, error)
    if is_awaitable(returned):
        is_begun = not is_untouched(task.function, returned)
        return Awaiting(attempt.name, returned, attempt.body_ended, is_begun=is_begun)
    return attempt.body_ended(returned, None)


def _run_with_handle(attempt: _Attempt, context: Context, running: Union[int, RunningTask]) -> Any:
    """Runs the body with a handle, which is closed when the body ends."""
    handle = attempt.handle = open_handle(running)
    is_over = True
    try:
        returned = attempt.task.function(context, handle)
        if is_awaitable(returned):
            is_over = False
            return _WithHandle(returned, handle)
        return returned
    finally:
        if is_over:
            close_handle(handle)


class _WithHandle:
    """Awaitable that a body returned, with the handle that is closed when it ends."""

    __slots__ = ("_awaitable", "_handle", "cr_code")

    def __init__(self, awaitable: Any, handle: TaskHandle) -> None:
        self._awaitable = awaitable
        self._handle = handle
        self.cr_code = getattr(awaitable, "cr_code", None)

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._await().__await__()

    async def _await(self) -> Any:
        try:
            return await self._awaitable
        finally:
            close_handle(self._handle)

    def close(self) -> None:
        """Closes the awaitable and the handle, because the body will not run."""
        close_handle(self._handle)
        drop(self._awaitable)


class _Attempt:
    """State of an attempt, and the steps after its body."""

    __slots__ = ("task", "name", "input_text", "handle")

    def __init__(self, task: TaskDeclaration, name: str, input_text: str) -> None:
        self.task = task
        self.name = name
        self.input_text = input_text
        #: Handle of the body, if it takes one.
        self.handle: Optional[TaskHandle] = None

    def body_ended(self, returned: Any, error: Optional[BaseException]) -> Result:
        """Returns the outcome, or the next `Awaiting`."""
        if self.handle is not None and self.handle._parked:
            parked = self.handle._parked[0]
            if is_parked(error, parked):
                return Failed("parked", type(parked).__name__, str(parked))
            if error is None:
                error = RuntimeError(_PARKED_CAUGHT)
        if error is None:
            try:
                output_text = _output_of(self.task, self.input_text, returned)
            except BaseException as junk:
                if is_stop(junk):
                    raise
                error = junk
            else:
                return self._completed(output_text) if self.task.invokes is None else self._invoke(output_text)
        return self._failed(error, self.input_text)

    def _invoke(self, output_text: str) -> Result:
        """Runs the graph after the body, and then ``post_invocation``."""
        graph, function = self.task.invokes, self.task.post_invocation
        assert graph is not None
        try:
            output_text = invoke(graph, output_text)
        except GraphFailed as error:
            message = f"computation graph '{graph.name}' invocation failed: {error}"
            return self._failed(error.__cause__ or error, output_text, message)
        if function is None:
            return self._completed(output_text)

        def ended(value: Any, error: Optional[BaseException]) -> Result:
            if error is not None:
                message = f"Python task execution failed: {fault.type_and_text(error)[1]} (in post_invocation)"
                return self._failed(error, output_text, message)
            return self._completed(value._text() if isinstance(value, Context) else output_text)

        try:
            value = function(Context._from_text(output_text))
        except BaseException as error:
            if is_stop(error):
                raise
            return ended(None, error)
        return Awaiting(f"post_invocation of {self.name}", value, ended) if is_awaitable(value) else ended(value, None)

    def _completed(self, output_text: str) -> Result:
        # An unchanged context, which can be large, is not sent back.
        outcome = Completed(None if output_text is self.input_text else output_text)
        callback = self.task.on_success
        if callback is None:
            return outcome
        return self._call_back("on_success", outcome, callback, Context._from_text(output_text))

    def _failed(self, error: BaseException, context_text: str, message: Optional[str] = None) -> Result:
        """Returns the outcome of a failed attempt. ``context_text`` is the context for ``on_failure``."""
        later = later_of(error)
        if later is not None:
            assert later._delay_ms is not None
            return TriedLater(later._delay_ms, later._limit)
        advice.attach(error)
        type_name, text = fault.type_and_text(error)
        message = f"Python task execution failed: {text}" if message is None else message
        outcome = Failed("failed", type_name, message, fault.traceback_text(error))
        callback = self.task.on_failure
        if callback is None:
            return outcome
        return self._call_back("on_failure", outcome, callback, message, Context._from_text(context_text))

    def _call_back(self, kind: str, outcome: Outcome, function: Any, *arguments: Any) -> Result:
        """Calls a callback. Its errors are printed and do not change the outcome."""

        def ended(_: Any, error: Optional[BaseException]) -> Outcome:
            if error is not None:
                text = fault.type_and_text(error)[1]
                print(f"[cloaca] {kind} callback failed for task '{self.task.id}': {text}", file=sys.stderr)
            return outcome

        try:
            value = function(self.task.id, *arguments)
        except BaseException as error:
            if is_stop(error):
                raise
            return ended(None, error)
        return Awaiting(f"{kind} of {self.name}", value, ended) if is_awaitable(value) else outcome


def _output_of(task: TaskDeclaration, input_text: str, returned: Any) -> str:
    if isinstance(returned, Context):
        return returned._text()
    if returned is None:
        return input_text
    raise TypeError(f"task '{task.id}' must return a Context or None, got {type(returned).__name__}")
