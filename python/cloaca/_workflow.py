"""`WorkflowBuilder` and `Workflow`: combine tasks into a named workflow, with a block or with explicit calls."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Callable, Dict, List, Literal, Optional, Tuple, Type, Union, final

from ._border import fault
from ._declarations import blocks, graph, ledger
from ._declarations.declaration import (
    Namespace,
    Place,
    TaskDeclaration,
    WorkflowDeclaration,
    full_name,
    place_of_caller,
)
from ._sealed import Sealed, Unbuildable, new
from ._task import id_of_function
from ._values import arguments
from ._values.daily_time import optional_daily_time
from ._values.duration import optional_expectation_ms
from ._values.limit_arguments import WorkflowLimit, optional_priority, optional_workflow_limit


@final
class Workflow(Unbuildable):
    """Validated description of a workflow, which `WorkflowBuilder.build` returns.

    It is immutable and cannot be run itself.

    The names in its lists are full names: ``tenant::package::workflow::task``.
    """

    __slots__ = ("_declaration", "_tasks")

    _declaration: WorkflowDeclaration
    _tasks: Dict[str, TaskDeclaration]

    @property
    def name(self) -> str:
        """Name that was given to the builder."""
        return self._declaration.title

    @property
    def description(self) -> str:
        """Description of the workflow, or "" if it has none."""
        return self._declaration.description

    @property
    def version(self) -> str:
        """Version: 16 hexadecimal digits. Equal definitions have the same version in every process."""
        return self._declaration.version

    def topological_sort(self) -> List[str]:
        """Returns the names of all tasks, each after its dependencies."""
        return [task.full_name for task in self._declaration.tasks]

    def get_execution_levels(self) -> List[List[str]]:
        """Returns the names of all tasks by level. The tasks of a level depend only on tasks of earlier levels."""
        return [self._full(level) for level in graph.levels_of(self._tasks)]

    def get_roots(self) -> List[str]:
        """Returns the names of the tasks without dependencies."""
        return self._full(graph.roots_of(self._tasks))

    def get_leaves(self) -> List[str]:
        """Returns the names of the tasks on which no other task depends."""
        return self._full(graph.leaves_of(self._tasks))

    def validate(self) -> None:
        """Raises ValueError if the workflow is not valid. A workflow that was built is always valid."""
        problem = graph.problem_of(self._tasks, self._declaration.namespace)
        if problem is not None:
            raise ValueError(f"Workflow validation failed: {problem}")

    def _full(self, ids: List[str]) -> List[str]:
        return [full_name(self._declaration.namespace, task_id) for task_id in ids]

    def __repr__(self) -> str:
        return f"Workflow(name='{self.name}', tasks={len(self._tasks)})"


@final
class WorkflowBuilder(Sealed):
    """Builds a workflow from tasks.

    Used as a ``with`` block, it collects every task that is decorated in the block. At the end of the block it
    validates and registers the workflow. Used with `add_task` and `build`, it returns a `Workflow` of tasks that were
    decorated earlier under the same tenant, package and key, and does not register it.

    Args:
        name: Display name.
        tenant: First part of full task names. Default: "public".
        package: Second part of full task names. Default: "embedded".
        workflow: Third part of full task names, and the key under which the workflow is registered and executed.
            Default: ``name``.
        deadline: Time within which a run must end after it was accepted, such as "30m". Later, an alert is sent, and
            the run continues. Default: no alert. The native engine does not have this argument and the following ones.
        done_by: Time of day such as "07:00". If no run that was accepted since this time of the day before has
            completed, an alert is sent. Default: no alert.
        timezone: IANA name of the time zone of ``done_by``. Default: "UTC".
        max_active: Maximum number of runs that have begun and not ended, over all engines of the database, regardless
            of what starts them. Default: no limit.
        per: Top-level name of the initial context. Each value has its own ``max_active`` runs. 1 and "1" are different
            values, and a missing value is equal to null. A start is refused with ValueError if its value is a list or a
            dict, or has more than 200 bytes of JSON. Default: all runs share the limit.
        overflow: Handling of runs above the limit. "queue": they wait, in order of priority, then age. "drop": they are
            refused. `DefaultRunner.execute` then raises ValueError, and triggers record the outcome ``limited``.
            "newest": only the newest run of each value waits, and older waiting runs are cancelled. Default: "queue".
        priority: Default priority of the runs, from -100 to 100. Runs with a higher one begin first. Default: 0.

    Raises:
        ValueError: ``deadline`` or ``done_by`` is malformed, the time zone is unknown, or it is given without
            ``done_by``. ``overflow`` is unknown, ``per`` or ``overflow`` is given without ``max_active``, or
            ``priority`` is out of range. At the end of the block, the workflow has no task, an unknown dependency, or a
            cycle ("Workflow validation failed").

    Example:
        >>> with WorkflowBuilder("etl") as b:
        ...     b.description("nightly")
        ...     @task()
        ...     def read(ctx):
        ...         return ctx
        ...     @task(dependencies=[read])
        ...     def write(ctx):
        ...         return ctx
    """

    __slots__ = (
        "_title",
        "_namespace",
        "_description",
        "_tags",
        "_deadline_ms",
        "_done_by",
        "_limit",
        "_priority",
        "_collected",
        "_added",
        "_place",
    )

    _title: str
    _namespace: Namespace
    _description: str
    _tags: Dict[str, str]
    _deadline_ms: Optional[int]
    _done_by: Optional[Tuple[str, str]]
    _limit: Optional[WorkflowLimit]
    _priority: Optional[int]
    #: Tasks decorated in the block.
    _collected: Dict[str, TaskDeclaration]
    #: Tasks added with `add_task`.
    _added: Dict[str, TaskDeclaration]
    _place: Optional[Place]

    def __init__(
        self,
        name: str,
        *,
        tenant: Optional[str] = None,
        package: Optional[str] = None,
        workflow: Optional[str] = None,
        deadline: Optional[str] = None,
        done_by: Optional[str] = None,
        timezone: Optional[str] = None,
        max_active: Optional[int] = None,
        per: Optional[str] = None,
        overflow: Optional[Literal["queue", "drop", "newest"]] = None,
        priority: Optional[int] = None,
    ) -> None:
        self._title = arguments.name(name, "name")
        parts = (
            arguments.optional_name(tenant, "tenant"),
            arguments.optional_name(package, "package"),
            arguments.optional_name(workflow, "workflow"),
        )
        self._namespace = (
            "public" if parts[0] is None else parts[0],
            "embedded" if parts[1] is None else parts[1],
            self._title if parts[2] is None else parts[2],
        )
        self._description = ""
        self._tags = {}
        self._deadline_ms = optional_expectation_ms(deadline, "deadline")
        self._done_by = optional_daily_time(done_by, timezone)
        self._limit = optional_workflow_limit(max_active, per, overflow)
        self._priority = optional_priority(priority)
        self._collected = {}
        self._added = {}
        self._place = place_of_caller()

    def description(self, text: str) -> None:
        """Sets the description. The last call takes effect."""
        self._description = arguments.text(text, "text")

    def tag(self, key: str, value: str) -> None:
        """Sets a tag."""
        name, content = arguments.text(key, "key"), arguments.text(value, "value")
        self._tags[name] = content

    def add_task(self, task: Union[str, Callable[..., Any]]) -> None:
        """Adds a task that was decorated earlier under the same tenant, package and workflow key.

        Args:
            task: Id or function of the task.

        Raises:
            ValueError: The task does not exist, it was already added, or the argument is neither text nor a function.
        """
        if isinstance(task, str):
            task_id = arguments.name(task, "task")
        elif callable(task) and hasattr(task, "__name__"):
            task_id = id_of_function(task, self._namespace)
        else:
            raise ValueError("Task must be either a string task ID or a function object with __name__ attribute")
        found = ledger.find_decorated(self._namespace, task_id)
        if found is None:
            hint = graph.did_you_mean(task_id, ledger.ids_decorated_in(self._namespace)).lstrip(".")
            raise ValueError(f"Task '{task_id}' not found in registry. Make sure it was decorated with @task.{hint}")
        if task_id in self._added:
            raise ValueError(f"Failed to add task: Duplicate task: {found.full_name}")
        self._added[task_id] = found

    def build(self) -> Workflow:
        """Returns a workflow of the tasks added with `add_task`.

        If no task was added, it uses the tasks that were decorated in the block.

        Raises:
            ValueError: There is no task, an unknown dependency, or a cycle ("Failed to build workflow").
        """
        return self._build(self._added or self._collected, "Failed to build workflow")

    def _collect(self, task: TaskDeclaration) -> None:
        """Collects a task that is decorated in the block."""
        earlier = self._collected.get(task.id)
        if earlier is not None:
            ledger.note_task_twin(earlier, task)
        self._collected[task.id] = task
        ledger.record_task(task)

    def _build(self, tasks: Dict[str, TaskDeclaration], prefix: str) -> Workflow:
        problem = graph.problem_of(tasks, self._namespace)
        if problem is not None:
            raise ValueError(f"{prefix}: {problem}")
        workflow = new(Workflow)
        workflow._tasks = dict(tasks)
        ordered = tuple(tasks[task_id] for level in graph.levels_of(tasks) for task_id in level)
        workflow._declaration = WorkflowDeclaration(
            title=self._title,
            namespace=self._namespace,
            description=self._description,
            tags=dict(self._tags),
            deadline_ms=self._deadline_ms,
            done_by=self._done_by,
            limit=self._limit,
            priority=self._priority,
            version=graph.version_of(
                *(self._title, self._namespace, self._description, self._tags, ordered), limit=self._limit
            ),
            tasks=ordered,
            place=self._place,
        )
        return workflow

    def __enter__(self) -> WorkflowBuilder:
        self._collected = {}
        blocks.enter(self)
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        blocks.leave(self)
        if kind is None:
            workflow = self._build(self._collected, "Workflow validation failed")
            ledger.record_workflow(self._namespace[2], workflow._declaration)

    def __repr__(self) -> str:
        return f"WorkflowBuilder(name='{self._title}')"


def register_workflow_constructor(name: str, constructor: Callable[[], Workflow]) -> None:
    """Registers the workflow that ``constructor`` returns. It replaces an earlier workflow with the same name.

    Args:
        name: Name under which the workflow is executed. It can differ from the workflow's own name, as an alias.
        constructor: Function without parameters, which is called once, immediately.

    Raises:
        ValueError: The constructor raises an exception or is not callable ("Failed to call workflow constructor"), or
            it does not return a `Workflow` ("Failed to extract workflow from constructor").

    Example:
        >>> register_workflow_constructor("etl-again", builder.build)
    """
    key = arguments.name(name, "name")
    try:
        workflow = constructor()
    except Exception as error:
        raise ValueError(f"Failed to call workflow constructor: {fault.type_and_text(error)[1]}") from error
    if not isinstance(workflow, Workflow):
        got = type(workflow).__name__
        raise ValueError(f"Failed to extract workflow from constructor: expected a Workflow, got {got}")
    ledger.record_workflow(key, workflow._declaration)
