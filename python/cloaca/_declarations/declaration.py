"""What a program declares, as values: triggers, tasks, workflows, sources, reactors and graphs, with their functions.

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
    #: The graph that runs after the body, and the function that is called after that.
    invokes: Optional[GraphDeclaration]
    post_invocation: Optional[Callable[..., Any]]
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


@dataclass(frozen=True)
class StreamOrigin:
    """Where a stream is read: a kind of backend, and what is read there. ``group`` None: the name of the graph."""

    type: str
    topic: str
    group: Optional[str]


@dataclass(frozen=True)
class SourceDeclaration:
    """A function decorated with one of the accumulators."""

    name: str
    #: "passthrough", "stream", "polling", "batch" or "state".
    kind: str
    function: Callable[..., Any]
    description: str
    place: Optional[Place]
    #: Between two calls of a polling source, or two flushes of a batch, as it was written.
    interval_text: Optional[str] = None
    #: The same in milliseconds; None where there is none, and where the text is not a duration.
    interval_ms: Optional[int] = None
    #: Events of a batch.
    max_size: Optional[int] = None
    #: Of a state: how many values are kept; below 0 all.
    capacity: Optional[int] = None
    stream: Optional[StreamOrigin] = None
    #: Why no runtime can take it over, as a sentence.
    problem: Optional[str] = None


@dataclass(frozen=True)
class ReactorDeclaration:
    """A class decorated with `reactor`."""

    name: str
    sources: Tuple[str, ...]
    #: "when_any" or "when_all".
    mode: str
    description: str
    place: Optional[Place]


@dataclass(frozen=True)
class NodeDeclaration:
    """A node of a graph. ``routes``: pairs of variant and node; None for a node that does not route."""

    id: str
    inputs: Tuple[str, ...]
    next: Optional[str]
    routes: Optional[Tuple[Tuple[str, str], ...]]

    @property
    def targets(self) -> Tuple[str, ...]:
        """The nodes that may receive its value, each once."""
        if self.routes is not None:
            return tuple(dict.fromkeys(node for _, node in self.routes))
        return () if self.next is None else (self.next,)


@dataclass(frozen=True)
class GraphDeclaration:
    """A graph whose block has closed."""

    name: str
    #: Name of the reactor; None for a graph that tasks invoke.
    reactor: Optional[str]
    #: In the order of the topology.
    nodes: Tuple[NodeDeclaration, ...]
    #: What runs it: a `_graphs.plan.Plan`.
    plan: Any
    description: str
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
