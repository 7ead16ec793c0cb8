"""`TaskNamespace` and `WorkflowContext`: the parts of full task names."""

from __future__ import annotations

from typing import Tuple, final

from ._sealed import Sealed
from ._values import arguments


@final
class TaskNamespace(Sealed):
    """The four parts of a task's full name, ``tenant::package::workflow::task``. Compares and hashes by value.

    Example:
        >>> str(TaskNamespace("public", "embedded", "etl", "read"))
        'public::embedded::etl::read'
    """

    __slots__ = ("_parts",)

    _parts: Tuple[str, str, str, str]

    def __init__(self, tenant_id: str, package_name: str, workflow_id: str, task_id: str) -> None:
        self._parts = (
            arguments.text(tenant_id, "tenant_id"),
            arguments.text(package_name, "package_name"),
            arguments.text(workflow_id, "workflow_id"),
            arguments.text(task_id, "task_id"),
        )

    @staticmethod
    def from_string(text: str) -> TaskNamespace:
        """Takes a full name apart.

        Raises:
            ValueError: It has not exactly four parts ("Invalid namespace format").
        """
        parts = arguments.text(text, "text").split("::")
        if len(parts) != 4:
            raise ValueError(f"Invalid namespace format: expected tenant::package::workflow::task, got '{text}'")
        return TaskNamespace(*parts)

    @property
    def tenant_id(self) -> str:
        """First part."""
        return self._parts[0]

    @property
    def package_name(self) -> str:
        """Second part."""
        return self._parts[1]

    @property
    def workflow_id(self) -> str:
        """Third part."""
        return self._parts[2]

    @property
    def task_id(self) -> str:
        """Fourth part; empty for the workflow itself."""
        return self._parts[3]

    def parent(self) -> TaskNamespace:
        """The namespace of the workflow: the same with an empty task id."""
        return TaskNamespace(*self._parts[:3], "")

    def is_child_of(self, other: TaskNamespace) -> bool:
        """Whether this is a task of the workflow ``other``."""
        _check(other, "other")
        return self._parts[:3] == other._parts[:3] and other.task_id == "" and self.task_id != ""

    def is_sibling_of(self, other: TaskNamespace) -> bool:
        """Whether both are different tasks of one workflow."""
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
    """The three parts of names that the tasks of a workflow share. Compares by value and cannot be hashed.

    Example:
        >>> str(WorkflowContext("public", "embedded", "etl").task_namespace("read"))
        'public::embedded::etl::read'
    """

    __slots__ = ("_parts",)

    _parts: Tuple[str, str, str]

    def __init__(self, tenant_id: str, package_name: str, workflow_id: str) -> None:
        self._parts = (
            arguments.text(tenant_id, "tenant_id"),
            arguments.text(package_name, "package_name"),
            arguments.text(workflow_id, "workflow_id"),
        )

    @property
    def tenant_id(self) -> str:
        """First part."""
        return self._parts[0]

    @property
    def package_name(self) -> str:
        """Second part."""
        return self._parts[1]

    @property
    def workflow_id(self) -> str:
        """Third part."""
        return self._parts[2]

    def task_namespace(self, task_id: str) -> TaskNamespace:
        """The full name of a task of this workflow."""
        return TaskNamespace(*self._parts, task_id)

    def resolve_dependency(self, name: str) -> TaskNamespace:
        """The full name of a dependency: ``name`` is taken as a short id, whatever it looks like."""
        return TaskNamespace(*self._parts, name)

    def workflow_namespace(self) -> TaskNamespace:
        """The namespace of the workflow itself, with an empty task id."""
        return TaskNamespace(*self._parts, "")

    def contains_namespace(self, ns: TaskNamespace) -> bool:
        """Whether a full name is one of this workflow."""
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
