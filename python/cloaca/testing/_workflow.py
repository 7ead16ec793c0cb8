"""`run_workflow`: one run of a workflow in the process of the test."""

from __future__ import annotations

import heapq
import itertools
import uuid
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from .._border import secrets as border_secrets
from .._border.outcome import Completed, Failed, TriedLater
from .._context import Context
from .._declarations import ledger
from .._declarations.declaration import TaskDeclaration, WorkflowDeclaration
from .._types.waits import Wait
from .._values import arguments
from .._workflow import Workflow, WorkflowBuilder
from ._attempts import Limit, StrandTask, run_attempt
from ._clock import FakeClock, text_of
from ._decisions import (
    MAX_TRIES_LATER,
    error_message,
    meets_rule,
    refuse_input,
    refused_by_limit,
    refused_later,
    retry_delay_ms,
    too_often,
)
from ._events import Events, GivenAnswers, GivenSignal
from ._fakes import Fake, nearest, with_fakes
from ._memory import RunChild, TaskMemory
from ._merge import merged
from ._results import TaskRun, WorkflowRun
from ._strands import Loop, Strand
from ._view import RunView
from ._waits import OpenWait, WaitEnd, opened, stopped_failure, stopping_node


def run_workflow(
    workflow: Union[str, Workflow, WorkflowBuilder],
    context: Optional[Union[Context, Mapping[str, Any]]] = None,
    *,
    tasks: Optional[Mapping[str, Fake]] = None,
    clock: Optional[FakeClock] = None,
    secrets: Optional[Mapping[str, Mapping[str, str]]] = None,
    task_timeout_seconds: float = 300,
    signals: Optional[Sequence[GivenSignal]] = None,
    approvals: Optional[GivenAnswers] = None,
) -> WorkflowRun:
    """Runs a workflow to its end, in this process, and returns the result of each task.

    A failed task raises no exception.

    `TaskHandle.once` remembers results during the run. `TaskHandle.run` runs a declared workflow to its end, on the
    same clock.

    Tasks run one at a time, in the order in which they become ready. As in the engine, their input is the merge of the
    outputs of their dependencies, and rules, retries, callbacks and graphs apply. Nothing waits: the clock jumps to the
    next attempt or the next poll of a `TaskHandle`. Jitter is always zero.

    An attempt times out when the clock of the test or the real clock exceeds the limit. An async body is then
    cancelled. Any other body runs to its end, and its result is dropped. Exceptions that do not derive from
    `Exception`, such as those of ``pytest.fail`` and ``pytest.skip``, are re-raised.

    Nodes such as `cloaca.delay` end on the clock too. The signals and approvals of the test are given when their nodes
    open. A timeout passes if the test gives none.

    Limits and priorities delay no task, but the values of ``per`` are checked as in the engine. After `cloaca.TryLater`
    the clock moves by the delay, and the task begins again, at most 100 times. These attempts are not in the result.

    Args:
        workflow: Name of the workflow, a `Workflow`, or a builder whose block is closed.
        context: Initial context. Default: empty.
        tasks: Fakes by task id, each of which replaces one body: a function like a task's own, a `Context`, which is
            the output, or a dict, which is added to the input. A `unittest.mock.Mock` is a function too.
        clock: Clock of the test. Default: a new clock.
        secrets: Secrets for `Context.secret`: the fields of each secret by its name.
        task_timeout_seconds: Time limit of an attempt whose task has no ``timeout``. Default: 300.
        signals: Signals for `cloaca.wait_for_signal`, as dicts with ``name``, ``key`` (default: empty) and ``payload``
            (default: None). Each ends one wait, the first signals first. Default: none.
        approvals: Answers by id of the `cloaca.approval`: True, False, or a dict with ``approved``, ``values`` and
            ``note``. The values are not checked against the form. Default: none.

    Raises:
        AssertionError: A node without a timeout waits for a signal or an answer that the test does not give.
        ValueError: The workflow does not exist, or it has no task with the id of a fake, or no such approval, or its
            limit cannot use the value of ``per``.
        TypeError: An argument has the wrong type, or a context or a fake has a value that cannot be stored as JSON.

    Example:
        >>> with WorkflowBuilder("orders") as orders:
        ...     @task()
        ...     def fetch(ctx):
        ...         raise ConnectionError("no network")
        ...     @task(dependencies=["fetch"], trigger_rules=task_success("fetch"))
        ...     def ship(ctx):
        ...         return ctx
        >>> run = run_workflow(orders, {"order_id": 7})
        >>> run.tasks["fetch"].attempted_at, run.tasks["ship"].status
        ((0.0, 1.0, 3.0), 'Skipped')
        >>> run_workflow(orders, {"order_id": 7}, tasks={"fetch": {"lines": 2}}).final_context
        Context({"order_id":7,"lines":2})
    """
    key, declaration = _found(workflow)
    if clock is not None and not isinstance(clock, FakeClock):
        arguments.refuse(clock, "clock", "FakeClock")
    limit_ms = arguments.seconds(task_timeout_seconds, "task_timeout_seconds") * 1000
    declarations = with_fakes(declaration.tasks, tasks, key)
    events = Events(signals, approvals, declaration.tasks, key)
    input_text = _input_text(context)
    refuse_input(key, declaration.limit, input_text)
    run = _Run(key, declarations, input_text, FakeClock() if clock is None else clock, limit_ms, events)
    token = border_secrets.of_test.set(_secrets_of(secrets))
    try:
        return run.run()
    finally:
        border_secrets.of_test.reset(token)


def _found(workflow: object) -> Tuple[str, WorkflowDeclaration]:
    if isinstance(workflow, Workflow):
        return workflow.name, workflow._declaration
    if isinstance(workflow, WorkflowBuilder):
        key = workflow._namespace[2]
    elif isinstance(workflow, str):
        key = workflow
    else:
        arguments.refuse(workflow, "workflow", "str, Workflow or WorkflowBuilder")
    declared = ledger.current().workflows
    if key not in declared:
        raise ValueError(
            f"no workflow '{key}' is declared. {nearest(key, list(declared))} "
            "First import the module that declares the workflow, and end the `with` block of its WorkflowBuilder."
        )
    return key, declared[key]


def _input_text(context: object) -> str:
    if context is None:
        return "{}"
    if isinstance(context, Context):
        return context._text()
    if isinstance(context, Mapping):
        return Context(dict(context))._text()
    arguments.refuse(context, "context", "Context or dict")


def _secrets_of(secrets: Optional[Mapping[str, Mapping[str, str]]]) -> Callable[[str], Dict[str, str]]:
    def fields_of(name: str) -> Dict[str, str]:
        if secrets is None:
            raise RuntimeError(f"{border_secrets.NOT_CONFIGURED}: call run_workflow(…, secrets={{'{name}': {{…}}}})")
        if name not in secrets:
            raise KeyError(f"secret not found: {name}")
        return dict(secrets[name])

    return fields_of


class _Task:
    """State of a task in a run."""

    def __init__(self, declaration: TaskDeclaration, run_child: RunChild) -> None:
        self.declaration = declaration
        self.memory = TaskMemory(declaration.id, run_child)
        self.status = "NotStarted"
        self.attempted_at_ms: List[int] = []
        self.tries_later = 0
        self.input_text: Optional[str] = None
        self.output_text: Optional[str] = None
        self.failure: Optional[Failed] = None
        self.unfinished = len(declaration.dependencies)
        self.dependents: List[_Task] = []
        self.wait: Optional[OpenWait] = None
        self.stopped_by: Optional[str] = None


class _Run:
    """One run. Future events are in a queue, ordered by their times."""

    def __init__(
        self,
        key: str,
        declarations: List[TaskDeclaration],
        input_text: str,
        clock: FakeClock,
        limit_ms: float,
        events: Events,
    ) -> None:
        self._key = key
        self._events = events
        self._tasks = {declaration.id: _Task(declaration, self._run_child) for declaration in declarations}
        for task in self._tasks.values():
            for dependency in task.declaration.dependencies:
                self._tasks[dependency].dependents.append(task)
        self._names = {declaration.full_name: declaration.id for declaration in declarations}
        self._input_text = self._final_text = input_text
        self._clock = clock
        self._limit_ms = limit_ms
        self._loop = Loop()
        self._strands: List[Strand] = []
        #: Failed tasks in the order of their failures, with the number of their attempts.
        self._failed: List[Tuple[str, Failed, int]] = []
        self._queue: List[Tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._began_at_ms = clock._now_ms

    def run(self) -> WorkflowRun:
        try:
            self._release([task for task in self._tasks.values() if task.unfinished == 0])
            while self._queue:
                at_ms, _, happen = heapq.heappop(self._queue)
                self._clock._move_to(int(at_ms))
                happen()
        finally:
            for strand in self._strands:
                strand.abandon()
            self._loop.close()
        self._require_answers()
        return self._result()

    def _require_answers(self) -> None:
        for task in self._tasks.values():
            if task.status == "Waiting" and task.wait is not None:
                name = f"node '{task.declaration.id}' of workflow '{self._key}'"
                raise AssertionError(f"{name} has no timeout and still waits for {task.wait.missing}")

    def _plan(self, delay_ms: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (self._clock._now_ms + delay_ms, next(self._numbers), happen))

    def _release(self, released: List[_Task]) -> None:
        """Starts or skips tasks whose dependencies have all ended, and the tasks that are freed by skips."""
        for task in released:
            declaration = task.declaration
            task.stopped_by = stopping_node(task, self._tasks)
            if task.stopped_by is not None and not declaration.has_own_rule:
                task.status, task.failure = "Skipped", stopped_failure(declaration.id, task.stopped_by)
                released += self._freed_by(task)
            elif not meets_rule(declaration.rule, self._status_of, partial(self._input_of, declaration)):
                task.status = "Skipped"
                released += self._freed_by(task)
            elif declaration.wait is not None:
                self._open(task, declaration.wait)
            else:
                task.status = "Ready"
                self._plan(0, partial(self._begin, task))

    def _freed_by(self, ended: _Task) -> List[_Task]:
        """Returns the tasks whose last dependency has ended."""
        for task in ended.dependents:
            task.unfinished -= 1
        return [task for task in ended.dependents if task.unfinished == 0]

    def _status_of(self, name: str) -> Optional[str]:
        task = self._tasks.get(self._names.get(name, name))
        return None if task is None else task.status

    def _input_of(self, declaration: TaskDeclaration) -> str:
        if not declaration.dependencies:
            return self._input_text
        outputs = [self._tasks[each].output_text for each in declaration.dependencies]
        return merged([output for output in outputs if output is not None])

    def _open(self, task: _Task, wait: Wait) -> None:
        task.status = "Waiting"
        input_text = task.input_text = self._input_of(task.declaration)
        task.wait = opened(task.declaration.id, wait, input_text, self._events, self._clock)
        if task.wait.delay_ms is not None:
            self._plan(task.wait.delay_ms, partial(self._end, task, task.wait.end))

    def _end(self, task: _Task, end: WaitEnd) -> None:
        task.status, task.output_text, task.failure = end.status, end.output_text, end.failure
        self._keep_output(task)
        if end.status == "Failed" and end.failure is not None:
            self._failed.append((task.declaration.id, end.failure, 0))
        self._release(self._freed_by(task))

    def _keep_output(self, task: _Task) -> None:
        if task.output_text is not None and len(Context._from_text(task.output_text)) > 0:
            self._final_text = task.output_text

    def _begin(self, task: _Task) -> None:
        declaration = task.declaration
        input_text = task.input_text = self._input_of(declaration)
        refused = refused_by_limit(declaration, input_text)
        if refused is not None:
            self._fail(task, refused)
            return
        task.status = "Running"
        task.attempted_at_ms.append(self._clock._now_ms)
        limit_ms = self._limit_ms if declaration.timeout_ms is None else declaration.timeout_ms
        limit = Limit(f"task '{declaration.id}' of workflow '{self._key}'", self._clock, limit_ms)
        view = RunView(self._input_text, self._tasks, self._failed)
        if not declaration.takes_handle:
            running = StrandTask(limit, view, task.memory, lambda delay_ms: None)
            self._settle(task, run_attempt(declaration, self._key, input_text, limit, running, self._loop))
            return

        def park_for(delay_ms: float) -> None:
            self._plan(delay_ms, strand.resume)
            strand.park()

        def attempt() -> None:
            loop = Loop()
            try:
                running = StrandTask(limit, view, task.memory, park_for)
                self._settle(task, run_attempt(declaration, self._key, input_text, limit, running, loop))
            finally:
                loop.close()

        strand = Strand(attempt)
        self._strands.append(strand)
        strand.resume()

    def _settle(self, task: _Task, outcome: Union[Completed, Failed, TriedLater]) -> None:
        if isinstance(outcome, TriedLater):
            refused = refused_later(task.declaration, outcome)
            if refused is None:
                self._try_later(task, outcome.delay_ms)
            else:
                self._fail(task, refused)
            return
        if isinstance(outcome, Completed):
            task.status, task.failure = "Completed", None
            task.output_text = task.input_text if outcome.context_text is None else outcome.context_text
            self._keep_output(task)
            self._release(self._freed_by(task))
        else:
            policy, attempts = task.declaration.policy, len(task.attempted_at_ms)
            delay_ms = retry_delay_ms(policy, attempts, outcome.message, outcome.kind == "timedOut")
            if delay_ms is None:
                self._fail(task, outcome)
                return
            task.status, task.failure = "Ready", outcome
            self._plan(delay_ms, partial(self._begin, task))

    def _fail(self, task: _Task, failure: Failed) -> None:
        task.status, task.failure = "Failed", failure
        self._failed.append((task.declaration.id, failure, len(task.attempted_at_ms)))
        self._release(self._freed_by(task))

    def _try_later(self, task: _Task, delay_ms: int) -> None:
        """Begins a task again after the delay. This attempt is not in the result."""
        if task.tries_later >= MAX_TRIES_LATER:
            self._fail(task, too_often(task.declaration))
            return
        task.tries_later += 1
        task.attempted_at_ms.pop()
        task.status = "Ready"
        self._plan(delay_ms, partial(self._begin, task))

    def _run_child(self, workflow: str, text: str) -> Tuple[Dict[str, object], str]:
        """Runs a child workflow to its end, on the same clock."""
        key, declaration = _found(workflow)
        refuse_input(key, declaration.limit, text)
        tasks = list(declaration.tasks)
        result = _Run(key, tasks, text, self._clock, self._limit_ms, self._events).run()
        facts: Dict[str, object] = {
            "execution_id": str(uuid.uuid4()),
            "status": result.status,
            "start_time": result.start_time,
            "end_time": result.end_time,
            "error_message": result.error_message,
        }
        return facts, result.final_context._text()

    def _result(self) -> WorkflowRun:
        ended = {task_id: (task.status, self._error_of(task)) for task_id, task in self._tasks.items()}
        message = error_message(ended)
        return WorkflowRun(
            status="Completed" if message is None else "Failed",
            error_message=message,
            final_context=Context._from_text(self._final_text),
            tasks={task_id: self._result_of(task) for task_id, task in self._tasks.items()},
            start_time=text_of(self._began_at_ms),
            end_time=text_of(self._clock._now_ms),
        )

    @staticmethod
    def _error_of(task: _Task) -> Optional[str]:
        return None if task.failure is None else task.failure.message

    def _result_of(self, task: _Task) -> TaskRun:
        failure = task.failure
        return TaskRun(
            id=task.declaration.id,
            status=task.status,  # type: ignore[arg-type]
            attempted_at=tuple((at_ms - self._began_at_ms) / 1000 for at_ms in task.attempted_at_ms),
            input=None if task.input_text is None else Context._from_text(task.input_text),
            output=None if task.output_text is None else Context._from_text(task.output_text),
            error=self._error_of(task),
            error_type=None if failure is None else failure.type,
            traceback=None if failure is None else failure.traceback,
        )
