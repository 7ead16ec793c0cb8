"""`TaskNamespace` and `WorkflowContext`: the parts of a task's full name."""

from __future__ import annotations

from typing import Tuple, final

from ._sealed import Sealed
from ._values import arguments


@final
class TaskNamespace(Sealed):
    """The four parts of a task's full name, ``tenant::package::workflow::task``.

    Two namespaces are equal, and have the same hash, if their parts are equal.

    Example:
        >>> str(TaskNamespace("public", "embedded", "etl", "read"))
        'public::embedded::etl::read'
    """

    __slots__ = ("_parts",)

    _parts: Tuple[str, str, str, str]

    def __init__(self, tenant_id: str, package_name: str, workflow_id: str, task_id: str) -> None:
        self._parts = (
            arguments.name(tenant_id, "tenant_id"),
            arguments.name(package_name, "package_name"),
            arguments.name(workflow_id, "workflow_id"),
            arguments.name(task_id, "task_id"),
        )

    @staticmethod
    def from_string(text: str) -> TaskNamespace:
        """Splits a full name into its parts.

        Raises:
            ValueError: The text does not have exactly four parts ("Invalid namespace format").
        """
        parts = arguments.text(text, "text").split("::")
        if len(parts) != 4:
            raise ValueError(f"Invalid namespace format: expected tenant::package::workflow::task, got '{text}'")
        return TaskNamespace(*parts)

    @property
    def tenant_id(self) -> str:
        """First part: the tenant."""
        return self._parts[0]

    @property
    def package_name(self) -> str:
        """Second part: the package."""
        return self._parts[1]

    @property
    def workflow_id(self) -> str:
        """Third part: the workflow."""
        return self._parts[2]

    @property
    def task_id(self) -> str:
        """Fourth part: the task. Empty in the namespace of a workflow."""
        return self._parts[3]

    def parent(self) -> TaskNamespace:
        """Returns the namespace of the workflow: the same parts with an empty task id."""
        return TaskNamespace(*self._parts[:3], "")

    def is_child_of(self, other: TaskNamespace) -> bool:
        """Returns whether this is a task of the workflow ``other``."""
        _check(other, "other")
        return self._parts[:3] == other._parts[:3] and other.task_id == "" and self.task_id != ""

    def is_sibling_of(self, other: TaskNamespace) -> bool:
        """Returns whether this and ``other`` are two different tasks of the same workflow."""
        _check(other, "other")
        return self._parts[:3] == other._parts[:3] and "" != self.task_id != other.task_id != ""

    def __eq__(self, other: object) -> bool:
        return self._parts == other._parts if isinstance(other, TaskNamespace) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._parts)

    def __str__(self) -> str:
        return "::".join(self._parts)

    def __repr__(self) -> str:
        return "TaskNamespace('{}', '{}', '{}', '{}')".format(*self._parts)


@final
class WorkflowContext(Sealed):
    """The first three parts of a task's full name, which all tasks of a workflow share.

    Two contexts are equal if their parts are equal. They cannot be hashed.

    Example:
        >>> str(WorkflowContext("public", "embedded", "etl").task_namespace("read"))
        'public::embedded::etl::read'
    """

    __slots__ = ("_parts",)

    _parts: Tuple[str, str, str]

    def __init__(self, tenant_id: str, package_name: str, workflow_id: str) -> None:
        self._parts = (
            arguments.name(tenant_id, "tenant_id"),
            arguments.name(package_name, "package_name"),
            arguments.name(workflow_id, "workflow_id"),
        )

    @property
    def tenant_id(self) -> str:
        """First part: the tenant."""
        return self._parts[0]

    @property
    def package_name(self) -> str:
        """Second part: the package."""
        return self._parts[1]

    @property
    def workflow_id(self) -> str:
        """Third part: the workflow."""
        return self._parts[2]

    def task_namespace(self, task_id: str) -> TaskNamespace:
        """Returns the full name of a task of this workflow."""
        return TaskNamespace(*self._parts, task_id)

    def resolve_dependency(self, name: str) -> TaskNamespace:
        """Returns the full name of a dependency. ``name`` is always a task id; it is never parsed as a full name."""
        return TaskNamespace(*self._parts, name)

    def workflow_namespace(self) -> TaskNamespace:
        """Returns the namespace of the workflow itself, with an empty task id."""
        return TaskNamespace(*self._parts, "")

    def contains_namespace(self, ns: TaskNamespace) -> bool:
        """Returns whether a full name belongs to this workflow."""
        _check(ns, "ns")
        return ns._parts[:3] == self._parts

    def __eq__(self, other: object) -> bool:
        return self._parts == other._parts if isinstance(other, WorkflowContext) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return "::".join(self._parts)

    def __repr__(self) -> str:
        return "WorkflowContext('{}', '{}', '{}')".format(*self._parts)


def _check(value: object, name: str) -> None:
    if not isinstance(value, TaskNamespace):
        arguments.refuse(value, name, "TaskNamespace")
