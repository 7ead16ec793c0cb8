"""`WorkflowBuilder` and `Workflow`: tasks become a named workflow, in a block or one by one."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Callable, Dict, List, Optional, Type, Union, final

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


@final
class Workflow(Unbuildable):
    """A checked description of a workflow, made by `WorkflowBuilder.build`. It never changes and has no run method.

    All names in its lists are full: ``tenant::package::workflow::task``.
    """

    __slots__ = ("_declaration", "_tasks")

    _declaration: WorkflowDeclaration
    _tasks: Dict[str, TaskDeclaration]

    @property
    def name(self) -> str:
        """The builder's name."""
        return self._declaration.title

    @property
    def description(self) -> str:
        """The description, "" if none was given."""
        return self._declaration.description

    @property
    def version(self) -> str:
        """16 hex digits; equal definitions have equal versions in every process."""
        return self._declaration.version

    def topological_sort(self) -> List[str]:
        """Every task, after its dependencies."""
        return [task.full_name for task in self._declaration.tasks]

    def get_execution_levels(self) -> List[List[str]]:
        """Every task by level: a level depends on earlier levels only."""
        return [self._full(level) for level in graph.levels_of(self._tasks)]

    def get_roots(self) -> List[str]:
        """The tasks without dependencies."""
        return self._full(graph.roots_of(self._tasks))

    def get_leaves(self) -> List[str]:
        """The tasks that nothing depends on."""
        return self._full(graph.leaves_of(self._tasks))

    def validate(self) -> None:
        """Raises ValueError when the workflow is invalid, which one that was built never is."""
        problem = graph.problem_of(self._tasks, self._declaration.namespace)
        if problem is not None:
            raise ValueError(f"Workflow validation failed: {problem}")

    def _full(self, ids: List[str]) -> List[str]:
        return [full_name(self._declaration.namespace, task_id) for task_id in ids]

    def __repr__(self) -> str:
        return f"Workflow(name='{self.name}', tasks={len(self._tasks)})"


@final
class WorkflowBuilder(Sealed):
    """Makes a workflow of tasks.

    As a block, it takes every task decorated inside it, and leaving the block checks and registers the workflow. With
    `add_task` and `build` it makes a `Workflow` of tasks decorated earlier under the same tenant, package and key,
    without registering it.

    Args:
        name: Display name.
        tenant: First part of full task names, "public" unless given.
        package: Second part, "embedded" unless given.
        workflow: Third part, and the key under which the workflow is registered and executed; ``name`` unless given.

    Raises:
        ValueError: At the end of the block ("Workflow validation failed"): no task, an unknown dependency, or a cycle.

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

    __slots__ = ("_title", "_namespace", "_description", "_tags", "_collected", "_added", "_place")

    _title: str
    _namespace: Namespace
    _description: str
    _tags: Dict[str, str]
    #: Tasks decorated in the block.
    _collected: Dict[str, TaskDeclaration]
    #: Tasks picked with `add_task`.
    _added: Dict[str, TaskDeclaration]
    _place: Optional[Place]

    def __init__(
        self, name: str, *, tenant: Optional[str] = None, package: Optional[str] = None, workflow: Optional[str] = None
    ) -> None:
        self._title = arguments.text(name, "name")
        parts = (
            arguments.optional_text(tenant, "tenant"),
            arguments.optional_text(package, "package"),
            arguments.optional_text(workflow, "workflow"),
        )
        self._namespace = (
            "public" if parts[0] is None else parts[0],
            "embedded" if parts[1] is None else parts[1],
            self._title if parts[2] is None else parts[2],
        )
        self._description = ""
        self._tags = {}
        self._collected = {}
        self._added = {}
        self._place = place_of_caller()

    def description(self, text: str) -> None:
        """Sets the description; the last call wins."""
        self._description = arguments.text(text, "text")

    def tag(self, key: str, value: str) -> None:
        """Sets a tag."""
        name, content = arguments.text(key, "key"), arguments.text(value, "value")
        self._tags[name] = content

    def add_task(self, task: Union[str, Callable[..., Any]]) -> None:
        """Picks a task that was decorated earlier under the same tenant, package and workflow key.

        Args:
            task: Its id or its function.

        Raises:
            ValueError: There is no such task, it is there already, or the argument is neither text nor function.
        """
        if isinstance(task, str):
            task_id = arguments.text(task, "task")
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
        """Makes the workflow of the tasks picked with `add_task`, or, if none was, of those decorated in the block.

        Raises:
            ValueError: No task, an unknown dependency, or a cycle ("Failed to build workflow").
        """
        return self._build(self._added or self._collected, "Failed to build workflow")

    def _collect(self, task: TaskDeclaration) -> None:
        """Takes a task that was decorated in the block."""
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
            version=graph.version_of(self._title, self._namespace, self._description, self._tags, ordered),
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
    """Registers the workflow that ``constructor`` returns, replacing an earlier one of that name.

    Args:
        name: The name under which it is executed; another one than its own makes an alias.
        constructor: Called once, now, without arguments.

    Raises:
        ValueError: The constructor raises or cannot be called ("Failed to call workflow constructor"), or returns
            something else than a `Workflow` ("Failed to extract workflow from constructor").

    Example:
        >>> register_workflow_constructor("etl-again", builder.build)
    """
    key = arguments.text(name, "name")
    try:
        workflow = constructor()
    except Exception as error:
        raise ValueError(f"Failed to call workflow constructor: {fault.type_and_text(error)[1]}") from error
    if not isinstance(workflow, Workflow):
        got = type(workflow).__name__
        raise ValueError(f"Failed to extract workflow from constructor: expected a Workflow, got {got}")
    ledger.record_workflow(key, workflow._declaration)
