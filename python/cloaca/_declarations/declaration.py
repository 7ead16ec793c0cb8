"""What a program declares, as values: triggers, tasks and workflows with their functions.

Made by the decorators and the builder, kept by `ledger`, turned into plain data by `wire`. Never changed once made.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from types import CodeType
from typing import Any, Callable, Dict, Optional, Tuple, Union

from .. import _package
from .._policy import RetryPolicy

#: Tenant, package and workflow: the first three parts of a task's full name.
Namespace = Tuple[str, str, str]


#: Characters. It is shown beside the name.
_LONGEST_DESCRIPTION = 4_000


@dataclass(frozen=True)
class Place:
    """Where something was declared, for messages."""

    file: str
    line: int


@dataclass(frozen=True)
class PollTiming:
    """A trigger that is called on an interval."""

    interval_ms: int


@dataclass(frozen=True)
class CronTiming:
    """A trigger that stands for a cron schedule; its function is never called."""

    expression: str
    timezone: str
    #: "skip", "all" or "none".
    catchup: str


@dataclass(frozen=True)
class TriggerPolicy:
    """How a trigger is polled and fires, beyond its interval. None: as the engine is set, or without limit."""

    timeout_ms: Optional[int]
    jitter_ms: Optional[int]
    max_active: Optional[int]
    pause_after: Optional[int]
    on_change: bool


@dataclass(frozen=True)
class TriggerDeclaration:
    """A function decorated with `trigger`."""

    name: str
    workflow: str
    timing: Union[PollTiming, CronTiming]
    allow_concurrent: bool
    policy: TriggerPolicy
    function: Callable[..., Any]
    #: Its docstring; empty for none.
    description: str
    place: Optional[Place]


@dataclass(frozen=True)
class TaskDeclaration:
    """A function decorated with `task`. ``rule`` has the wire form of `wire`."""

    id: str
    namespace: Namespace
    dependencies: Tuple[str, ...]
    policy: RetryPolicy
    #: Of one attempt; None: as the engine's settings have it.
    timeout_ms: Optional[int]
    rule: Dict[str, Any]
    function: Callable[..., Any]
    takes_handle: bool
    on_success: Optional[Callable[..., Any]]
    on_failure: Optional[Callable[..., Any]]
    place: Optional[Place]

    @property
    def full_name(self) -> str:
        """``tenant::package::workflow::task``."""
        return full_name(self.namespace, self.id)


@dataclass(frozen=True)
class WorkflowDeclaration:
    """A checked set of tasks. The key under which it is registered is the ledger's business."""

    title: str
    namespace: Namespace
    description: str
    tags: Dict[str, str]
    version: str
    #: Dependencies come first.
    tasks: Tuple[TaskDeclaration, ...]
    place: Optional[Place]


def full_name(namespace: Namespace, task_id: str) -> str:
    """The full name of a task."""
    return "::".join((*namespace, task_id))


def place_of(function: Any) -> Optional[Place]:
    """Where a function is written; None for a callable without Python code."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return Place(code.co_filename, code.co_firstlineno) if isinstance(code, CodeType) else None


def description_of(function: Any) -> str:
    """The docstring of a function, without its indentation; empty for none, and for a callable without Python code."""
    text = getattr(inspect.unwrap(function), "__doc__", None) if place_of(function) is not None else None
    return inspect.cleandoc(text)[:_LONGEST_DESCRIPTION] if isinstance(text, str) else ""


def place_of_caller() -> Optional[Place]:
    """The line outside this package that led here."""
    frame = sys._getframe(1)
    while _package.has_file(frame.f_code.co_filename):
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)
