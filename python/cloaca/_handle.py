"""`TaskHandle`: lets a running task wait without its slot, and read its execution's input and failures."""

from __future__ import annotations

import sys
from typing import Awaitable, Callable, Dict, List, Optional, Protocol, Tuple, TypeVar, Union, final, overload

from ._border import bridge, fault
from ._border.calls import awaited
from ._border.stops import Parked, is_stop
from ._context import Context, read_only
from ._result import WorkflowResult
from ._sealed import Unbuildable, new
from ._types.dicts import TaskFailure
from ._values import arguments
from ._waits import once

T = TypeVar("T")


class RunningTask(Protocol):
    """Running task as its handle uses it: its slot, which is the right to run, and facts about its execution."""

    def release(self) -> None:
        """Releases the slot."""
        ...

    def sleep_ms(self, delay_ms: int) -> None:
        """Waits while other tasks run."""
        ...

    def acquire(self) -> None:
        """Waits for a free slot and takes it."""
        ...

    def input_text(self) -> str:
        """Returns the initial context of the execution."""
        ...

    def failures(self) -> Dict[str, TaskFailure]:
        """Returns the tasks that had failed when the attempt began, in the order of their failures."""
        ...

    def traceback(self, task_id: str) -> Optional[str]:
        """Returns the traceback of such a task. Raises KeyError if the execution has no such task."""
        ...

    def key(self, name: str) -> str:
        """Returns a text that is the same in all executions of the chain."""
        ...

    def find_result(self, name: str) -> Optional[str]:
        """Returns the JSON text of a stored result, or None."""
        ...

    def keep_result(self, name: str, text: str) -> str:
        """Stores a result unless the name has one. Returns the stored result."""
        ...

    def run_child(self, workflow: str, text: str, key: str) -> Optional[Tuple[Dict[str, object], str]]:
        """Returns the facts and the final context of a child that has ended. None: the attempt has to end."""
        ...


class _EngineTask:
    """Task that the engine runs.

    Requests for facts name its attempt, because it may use its handle in a thread that another call started.
    """

    __slots__ = ("_run_token",)

    def __init__(self, run_token: int) -> None:
        self._run_token = run_token

    def release(self) -> None:
        bridge.call("slot.release", {"task": self._run_token})

    def sleep_ms(self, delay_ms: int) -> None:
        bridge.meanwhile(lambda: bridge.sleep_ms(delay_ms))

    def acquire(self) -> None:
        bridge.call("slot.acquire", {"task": self._run_token})

    def input_text(self) -> str:
        return bridge.call_with_context("execution.input", {}, "", self._run_token)[1]

    def failures(self) -> Dict[str, TaskFailure]:
        failed = bridge.call_with_context("execution.failures", {}, "", self._run_token)[0]
        return {
            each["task"]: {"type": each["type"], "message": each["message"], "attempts": each["attempts"]}
            for each in failed
        }

    def traceback(self, task_id: str) -> Optional[str]:
        text: Optional[str] = bridge.call_with_context("execution.traceback", {"task": task_id}, "", self._run_token)[0]
        return text

    def key(self, name: str) -> str:
        return str(self._ask("once.key", name)[0])

    def find_result(self, name: str) -> Optional[str]:
        is_found, text = self._ask("once.find", name)
        return text if is_found else None

    def keep_result(self, name: str, text: str) -> str:
        return self._ask("once.keep", name, text)[1]

    def _ask(self, method: str, name: str, text: str = "") -> Tuple[object, str]:
        return bridge.call_with_context(method, {"name": name}, text, self._run_token)

    def run_child(self, workflow: str, text: str, key: str) -> Optional[Tuple[Dict[str, object], str]]:
        request: Dict[str, object] = {"workflow": workflow, "key": key}
        facts, final_text = bridge.call_with_context("child.run", request, text, self._run_token)
        return None if facts is None else (facts, final_text)


@final
class TaskHandle(Unbuildable):
    """Second argument of a task whose second parameter is named ``handle`` or ``task_handle``.

    A task can use its handle while its body runs. Afterwards every use raises ValueError ("already been consumed").
    """

    __slots__ = ("_running", "_waits", "_ended", "_input", "_failures", "_parked", "_turns")

    _running: RunningTask
    #: Number of the task's threads that are in `defer_until`.
    _waits: int
    _ended: bool
    #: Results that were requested before.
    _input: Optional[Context]
    _failures: Optional[Dict[str, TaskFailure]]
    #: Exceptions of threads whose waits were parked at the same time. The body has to end with the first.
    _parked: List[Parked]
    _turns: once.Turns

    def defer_until(self, condition: Callable[[], bool], poll_interval_ms: int = 1000) -> None:
        """Waits until a condition holds, and releases the task's slot while it waits.

        It sleeps and calls the condition in turn. When the condition returns True, it waits for a free slot, takes it,
        and returns. The whole wait is part of the task's timeout. The status of the task remains "Running".

        Args:
            condition: Function without parameters. Only the value True ends the wait. If the function raises an
                exception, the exception is printed, and the wait continues.
            poll_interval_ms: Milliseconds to sleep before each call of the condition.

        Raises:
            ValueError: The body of the task has ended ("already been consumed"), or the engine rejects the call
                ("defer_until failed").
        """
        arguments.function(condition, "condition")
        interval_ms = arguments.unsigned(poll_interval_ms, "poll_interval_ms")
        self._check_use()
        _ask_for("defer_until", self._running.release)
        self._waits += 1
        while True:
            self._running.sleep_ms(interval_ms)
            if _holds(condition):
                break
        _ask_for("defer_until", self._running.acquire)
        self._waits -= 1

    def is_slot_held(self) -> bool:
        """Returns whether the task holds its slot. It is False only while `defer_until` waits."""
        self._check_use()
        return self._waits == 0

    @property
    def input(self) -> Context:
        """Initial context of the execution, read-only.

        The engine sends it at the first use. A task after other tasks receives their outputs as its context, so it
        finds the initial context only here.

        Raises:
            ValueError: The body of the task has ended ("already been consumed"), or the engine rejects the call
                ("input failed").
        """
        self._check_use()
        if self._input is None:
            self._input = read_only(_ask_for("input", self._running.input_text))
        return self._input

    @property
    def failures(self) -> Dict[str, TaskFailure]:
        """Failed tasks of the execution when this attempt began, by task id, in the order of their failures.

        A task that waits for its retry has not failed. Values of secrets are masked in the messages.

        Raises:
            ValueError: The body of the task has ended ("already been consumed"), or the engine rejects the call
                ("failures failed").

        Example:
            >>> @task(dependencies=["fetch"], trigger_rules=task_failed("fetch"))
            ... def report(ctx, handle):
            ...     for task_id, failure in handle.failures.items():
            ...         print(task_id, failure["type"], failure["message"], failure["attempts"])
        """
        self._check_use()
        if self._failures is None:
            self._failures = _ask_for("failures", self._running.failures)
        return {task: failure.copy() for task, failure in self._failures.items()}

    def traceback(self, task: str) -> Optional[str]:
        """Returns the traceback of a task in `failures`, or None if the task has none or is not in `failures`.

        Values of secrets are masked.

        Args:
            task: Id of the task.

        Raises:
            KeyError: The execution has no such task.
            ValueError: The body of the task has ended ("already been consumed"), or the engine rejects the call
                ("traceback failed").
        """
        task_id = arguments.text(task, "task")
        self._check_use()
        return _ask_for("traceback", lambda: self._running.traceback(task_id))

    @overload
    def once(self, name: str, function: Callable[[], Awaitable[T]]) -> Awaitable[T]: ...

    @overload
    def once(self, name: str, function: Callable[[], T]) -> T: ...

    def once(self, name: str, function: Callable[[], object]) -> object:
        """Runs a function once, and returns its result.

        The result is stored as JSON before the call returns. When the task runs again, after a failure, a crash or a
        retry of the execution, the stored result is returned without a call of the function. An exception is not
        stored. Simultaneous calls with one name run one after the other. In ``async def``, write ``await
        handle.once(…)``.

        A crash between the end of the function and the storing of its result repeats the call, so pass `key` to other
        systems. ``retry --from`` and ``retry --all`` forget the results of the tasks that they run again. The native
        engine does not have this method.

        Args:
            name: Name of the result within the task, of 1 to 512 bytes of UTF-8.
            function: Function without parameters. Its result has at most 1 MiB of JSON.

        Raises:
            TypeError: The result is not JSON, or is too large. The function has run then.
            ValueError: The body of the task has ended ("already been consumed"), or the engine rejects the call ("once
                failed").

        Example:
            >>> @task()
            ... def pay(ctx, handle):
            ...     ctx["receipt"] = handle.once("charge", lambda: charge(ctx["card"], handle.key("charge")))
            ...     return ctx
        """
        checked = arguments.key(name, "name")
        arguments.function(function, "function")
        self._check_use()
        kept = once.Kept(
            lambda: _ask_for("once", lambda: self._running.find_result(checked)),
            lambda text: _ask_for("once", lambda: self._running.keep_result(checked, text)),
        )
        return once.result(checked, function, kept, self._turns)

    def key(self, name: str) -> str:
        """Returns an idempotency key for calls of other systems.

        It is the same in all attempts of the task and in retries of the execution. Pass it to the other system, because
        a crash between the call and the storing of its result repeats the call. The native engine does not have this
        method.

        Args:
            name: Name of the call within the task, of 1 to 512 bytes of UTF-8.

        Raises:
            ValueError: The body of the task has ended ("already been consumed"), or the engine rejects the call ("key
                failed").
        """
        checked = arguments.key(name, "name")
        self._check_use()
        return _ask_for("key", lambda: self._running.key(checked))

    def run(self, workflow: str, context: Context, *, key: str) -> WorkflowResult:
        """Starts a child execution once for the key, waits for its end, and returns its result.

        A failed child does not raise an exception: see ``status`` of the result. In ``async def``, other code of the
        event loop runs during the wait.

        While it waits, the task has no slot, and its time limit stands still. After the setting ``limits.park``, it
        raises `Parked`, and the task starts again from its beginning after the end of the child, without counting an
        attempt. Code before the call then runs again, so put it into `once`. The native engine does not have this
        method.

        Args:
            workflow: Name of the workflow.
            context: Initial context of the child. It is not used if the key has a child.
            key: Key with which the task starts the child once, of 1 to 512 bytes of UTF-8.

        Raises:
            Parked: The attempt has to end. Raise it again if you catch it.
            ValueError: The workflow does not exist or rejects the context, the key was used for another workflow, 16
                executions above wait for each other, or the body of the task has ended ("already been consumed").
        """
        workflow_name, child_key = arguments.name(workflow, "workflow"), arguments.key(key, "key")
        if not isinstance(context, Context):
            arguments.refuse(context, "context", "Context")
        self._check_use()
        if not self._parked:
            ended = _ask_for("run", lambda: self._running.run_child(workflow_name, context._text(), child_key))
            if ended is not None:
                result = new(WorkflowResult)
                result._facts, result._final_text = ended
                return result
            self._parked.append(Parked(f"the task starts again after the end of its child execution '{child_key}'"))
        raise self._parked[0]

    def _check_use(self) -> None:
        if self._ended:
            raise ValueError("TaskHandle has already been consumed: the body of its task has ended")

    def __repr__(self) -> str:
        return "TaskHandle(<consumed>)" if self._ended else f"TaskHandle(slot_held={self._waits == 0})"


def open_handle(running: Union[int, RunningTask]) -> TaskHandle:
    """Returns the handle for a task body that starts now. An int is the engine's number of the attempt."""
    handle = new(TaskHandle)
    handle._running = _EngineTask(running) if isinstance(running, int) else running
    handle._waits, handle._ended = 0, False
    handle._input = handle._failures = None
    handle._parked = []
    handle._turns = once.Turns()
    return handle


def close_handle(handle: TaskHandle) -> None:
    """Marks the handle as ended, because the body of its task has ended."""
    handle._ended = True
    handle._input = handle._failures = None


def _ask_for(name: str, ask: Callable[[], T]) -> T:
    try:
        return ask()
    except KeyError:
        raise  # the execution has no such task
    except Exception as error:
        raise ValueError(f"{name} failed: {error}") from error


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return awaited(condition()) is True
    except BaseException as error:
        if is_stop(error):
            raise
        print(f"[cloaca] defer_until condition error: {fault.type_and_text(error)[1]}", file=sys.stderr)
        return False
