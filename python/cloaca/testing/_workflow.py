"""`run_workflow`: one run of a workflow in the process of the test."""

from __future__ import annotations

import heapq
import itertools
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Union

from .._border import secrets as border_secrets
from .._context import Context
from .._declarations import ledger
from .._declarations.declaration import TaskDeclaration, WorkflowDeclaration
from .._values import arguments
from .._workflow import Workflow, WorkflowBuilder
from ._attempts import Limit, Outcome, StrandSlot, run_attempt
from ._clock import FakeClock, text_of
from ._decisions import error_message, meets_rule, retry_delay_ms
from ._fakes import Fake, nearest, with_fakes
from ._merge import merged
from ._results import TaskRun, WorkflowRun
from ._strands import Loop, Strand


def run_workflow(
    workflow: Union[str, Workflow, WorkflowBuilder],
    context: Optional[Union[Context, Mapping[str, Any]]] = None,
    *,
    tasks: Optional[Mapping[str, Fake]] = None,
    clock: Optional[FakeClock] = None,
    secrets: Optional[Mapping[str, Mapping[str, str]]] = None,
    task_timeout_seconds: float = 300,
) -> WorkflowRun:
    """Runs a workflow to its end, in this process, and returns the result of each task.

    A failed task raises no exception.

    Tasks run one at a time, in the order in which they become ready. As in the engine, their input is the merge of the
    outputs of their dependencies, and rules, retries, callbacks and graphs apply. Nothing waits: the clock jumps to the
    next attempt or the next poll of a `TaskHandle`. Jitter is always zero.

    An attempt times out when the clock of the test or the real clock exceeds the limit. An async body is then
    cancelled. Any other body runs to its end, and its result is dropped. Exceptions that do not derive from
    `Exception`, such as those of ``pytest.fail`` and ``pytest.skip``, are re-raised.

    Args:
        workflow: Name of the workflow, a `Workflow`, or a builder whose block is closed.
        context: Initial context. Default: empty.
        tasks: Fakes by task id, each of which replaces one body: a function like a task's own, a `Context`, which is
            the output, or a dict, which is added to the input. A `unittest.mock.Mock` is a function too.
        clock: Clock of the test. Default: a new clock.
        secrets: Secrets for `Context.secret`: the fields of each secret by its name.
        task_timeout_seconds: Time limit of an attempt whose task has no ``timeout``. Default: 300.

    Raises:
        ValueError: The workflow does not exist, or it has no task with the id of a fake.
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
    run = _Run(key, declarations, _input_text(context), FakeClock() if clock is None else clock, limit_ms)
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

    def __init__(self, declaration: TaskDeclaration) -> None:
        self.declaration = declaration
        self.status = "NotStarted"
        self.attempted_at_ms: List[int] = []
        self.input_text: Optional[str] = None
        self.output_text: Optional[str] = None
        self.failure: Optional[Outcome] = None
        self.unfinished = len(declaration.dependencies)
        self.dependents: List[_Task] = []


class _Run:
    """One run. Future events are in a queue, ordered by their times."""

    def __init__(
        self, key: str, declarations: List[TaskDeclaration], input_text: str, clock: FakeClock, limit_ms: float
    ) -> None:
        self._key = key
        self._tasks = {declaration.id: _Task(declaration) for declaration in declarations}
        for task in self._tasks.values():
            for dependency in task.declaration.dependencies:
                self._tasks[dependency].dependents.append(task)
        self._names = {declaration.full_name: declaration.id for declaration in declarations}
        self._input_text = self._final_text = input_text
        self._clock = clock
        self._limit_ms = limit_ms
        self._loop = Loop()
        self._strands: List[Strand] = []
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
        return self._result()

    def _plan(self, delay_ms: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (self._clock._now_ms + delay_ms, next(self._numbers), happen))

    def _release(self, released: List[_Task]) -> None:
        """Starts or skips tasks whose dependencies have all ended, and the tasks that are freed by skips."""
        for task in released:
            declaration = task.declaration
            if meets_rule(declaration.rule, self._status_of, partial(self._input_of, declaration)):
                task.status = "Ready"
                self._plan(0, partial(self._begin, task))
            else:
                task.status = "Skipped"
                released += self._freed_by(task)

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

    def _begin(self, task: _Task) -> None:
        declaration = task.declaration
        task.status = "Running"
        task.attempted_at_ms.append(self._clock._now_ms)
        input_text = task.input_text = self._input_of(declaration)
        limit_ms = self._limit_ms if declaration.timeout_ms is None else declaration.timeout_ms
        limit = Limit(f"task '{declaration.id}' of workflow '{self._key}'", self._clock, limit_ms)
        if not declaration.takes_handle:
            slot = StrandSlot(limit, lambda delay_ms: None)
            self._settle(task, run_attempt(declaration, self._key, input_text, limit, slot, self._loop))
            return

        def park_for(delay_ms: float) -> None:
            self._plan(delay_ms, strand.resume)
            strand.park()

        def attempt() -> None:
            loop = Loop()
            try:
                slot = StrandSlot(limit, park_for)
                self._settle(task, run_attempt(declaration, self._key, input_text, limit, slot, loop))
            finally:
                loop.close()

        strand = Strand(attempt)
        self._strands.append(strand)
        strand.resume()

    def _settle(self, task: _Task, outcome: Outcome) -> None:
        kind, output_text, _, message, _ = outcome
        if kind == "completed":
            task.status, task.failure = "Completed", None
            task.output_text = task.input_text if output_text is None else output_text
            if task.output_text is not None and len(Context._from_text(task.output_text)) > 0:
                self._final_text = task.output_text
        else:
            task.failure = outcome
            policy, attempts = task.declaration.policy, len(task.attempted_at_ms)
            delay_ms = retry_delay_ms(policy, attempts, message, kind == "timedOut")
            if delay_ms is not None:
                task.status = "Ready"
                self._plan(delay_ms, partial(self._begin, task))
                return
            task.status = "Failed"
        self._release(self._freed_by(task))

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
        return None if task.failure is None else task.failure[3]

    def _result_of(self, task: _Task) -> TaskRun:
        failure = task.failure
        return TaskRun(
            id=task.declaration.id,
            status=task.status,  # type: ignore[arg-type]
            attempted_at=tuple((at_ms - self._began_at_ms) / 1000 for at_ms in task.attempted_at_ms),
            input=None if task.input_text is None else Context._from_text(task.input_text),
            output=None if task.output_text is None else Context._from_text(task.output_text),
            error=self._error_of(task),
            error_type=None if failure is None else failure[2],
            traceback=None if failure is None else failure[4],
        )
