"""Declarations of a program as values: triggers, tasks, workflows, sources, reactors and graphs, with their functions.

The decorators and the builder create them, `ledger` keeps them, and `wire` converts them to plain data. They are
immutable.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from types import CodeType
from typing import Any, Callable, Dict, Literal, Optional, Tuple, Union

from .. import _package
from .._policy import RetryPolicy
from .._types.waits import Wait
from .._values.limit_arguments import Rate, WorkflowLimit

#: Tenant, package and workflow: the first three parts of a task's full name.
Namespace = Tuple[str, str, str]


#: Maximum number of characters of a description, which is shown next to the name.
_LONGEST_DESCRIPTION = 4_000


@dataclass(frozen=True)
class Place:
    """Place of a declaration, for messages."""

    file: str
    line: int


@dataclass(frozen=True)
class PollTiming:
    """Timing of a trigger that is called at an interval."""

    interval_ms: int


@dataclass(frozen=True)
class CronTiming:
    """Timing of a trigger that is a cron schedule. Its function is never called."""

    expression: str
    timezone: str
    #: "skip", "all" or "none".
    catchup: str


@dataclass(frozen=True)
class TriggerPolicy:
    """Further rules for the polls and firings of a trigger. None means the setting of the engine, or no limit."""

    timeout_ms: Optional[int]
    jitter_ms: Optional[int]
    max_active: Optional[int]
    pause_after: Optional[int]
    on_change: bool
    #: Time without a firing after which an alert is sent.
    expect_fire_ms: Optional[int]
    #: Time for which the keys of firings are remembered, or "never" if they do not expire.
    key_ttl_ms: Union[int, Literal["never"], None]


@dataclass(frozen=True)
class PollParameters:
    """Required parameters of a trigger function."""

    #: Whether the function takes the state of its trigger, and how.
    state: Literal["none", "by position", "by name"] = "none"
    #: Required parameters that no poll passes.
    unfilled: Tuple[str, ...] = ()


@dataclass(frozen=True)
class LimitDeclaration:
    """Limit of tasks."""

    name: str
    max_active: Optional[int]
    rate: Optional[Rate]
    #: Top-level name of the input. Each of its values has its own slots. None: all share them.
    per: Optional[str]
    place: Optional[Place]

    @property
    def values(self) -> Tuple[object, ...]:
        """Values that all declarations of the name must share."""
        return (self.max_active, self.rate, self.per)


@dataclass(frozen=True)
class TriggerDeclaration:
    """Function decorated with `trigger`."""

    name: str
    workflow: str
    timing: Union[PollTiming, CronTiming]
    allow_concurrent: bool
    policy: TriggerPolicy
    #: Priority of the runs that it starts, or None for that of the workflow.
    priority: Optional[int]
    #: Tags for the routes of alerts, or None for those of the workflow.
    tags: Optional[Dict[str, str]]
    function: Callable[..., Any]
    parameters: PollParameters
    #: Docstring of the function, or "".
    description: str
    place: Optional[Place]


@dataclass(frozen=True)
class TaskDeclaration:
    """Function decorated with `task`. ``rule`` has the form that `wire` sends."""

    id: str
    namespace: Namespace
    dependencies: Tuple[str, ...]
    policy: RetryPolicy
    #: Time limit of one attempt, or None for the engine's setting.
    timeout_ms: Optional[int]
    #: Time after it was ready within which it must end, or else an alert is sent.
    deadline_ms: Optional[int]
    rule: Dict[str, Any]
    function: Callable[..., Any]
    takes_handle: bool
    on_success: Optional[Callable[..., Any]]
    on_failure: Optional[Callable[..., Any]]
    #: Graph that runs after the body, and function that is called after the graph.
    invokes: Optional[GraphDeclaration]
    post_invocation: Optional[Callable[..., Any]]
    place: Optional[Place]
    #: Whether the program gives the rule.
    has_own_rule: bool
    #: Event for which a node waits, in the form that `wire` sends. None for a task.
    wait: Optional[Wait] = None
    #: Each attempt takes a slot of each of these limits.
    limits: Tuple[LimitDeclaration, ...] = ()

    @property
    def full_name(self) -> str:
        """Full name: ``tenant::package::workflow::task``."""
        return full_name(self.namespace, self.id)


@dataclass(frozen=True)
class WorkflowDeclaration:
    """Checked set of tasks. `ledger` keeps the key under which it is registered."""

    title: str
    namespace: Namespace
    description: str
    tags: Dict[str, str]
    #: Time after its start within which an execution must end, or else an alert is sent.
    deadline_ms: Optional[int]
    #: Time of day and its zone by which an execution must have completed, or else an alert is sent.
    done_by: Optional[Tuple[str, str]]
    limit: Optional[WorkflowLimit]
    #: Default priority of its runs, or None for 0.
    priority: Optional[int]
    version: str
    #: Tasks, with dependencies first.
    tasks: Tuple[TaskDeclaration, ...]
    place: Optional[Place]


@dataclass(frozen=True)
class StreamOrigin:
    """Origin of a stream: type of backend and topic. Default ``group``: the name of the graph or reactor."""

    type: str
    topic: str
    group: Optional[str]


@dataclass(frozen=True)
class SourceDeclaration:
    """Function decorated with one of the accumulators."""

    name: str
    #: "passthrough", "stream", "polling", "batch" or "state".
    kind: str
    function: Callable[..., Any]
    description: str
    place: Optional[Place]
    #: Interval between two calls of a polling source, or two flushes of a batch, as written in the script.
    interval_text: Optional[str] = None
    #: The interval in milliseconds, or None if there is none or the text is not a duration.
    interval_ms: Optional[int] = None
    #: Maximum number of events in a batch.
    max_size: Optional[int] = None
    #: Number of values that a state keeps. A negative number keeps all.
    capacity: Optional[int] = None
    stream: Optional[StreamOrigin] = None
    #: Reason why the source cannot run, as a sentence.
    problem: Optional[str] = None


@dataclass(frozen=True)
class ReactorDeclaration:
    """Class decorated with `reactor`."""

    name: str
    sources: Tuple[str, ...]
    #: "when_any" or "when_all".
    mode: str
    description: str
    place: Optional[Place]


@dataclass(frozen=True)
class NodeDeclaration:
    """Node of a graph. ``routes`` has pairs of variant and node. Other nodes have None."""

    id: str
    inputs: Tuple[str, ...]
    next: Optional[str]
    routes: Optional[Tuple[Tuple[str, str], ...]]

    @property
    def targets(self) -> Tuple[str, ...]:
        """Nodes that may receive the value of this node, without duplicates."""
        if self.routes is not None:
            return tuple(dict.fromkeys(node for _, node in self.routes))
        return () if self.next is None else (self.next,)


@dataclass(frozen=True)
class GraphDeclaration:
    """Graph whose block is closed."""

    name: str
    #: Name of the reactor, or None for a graph that tasks invoke.
    reactor: Optional[str]
    #: Nodes in the order of the topology.
    nodes: Tuple[NodeDeclaration, ...]
    #: Plan that runs the graph: a `_graphs.plan.Plan`.
    plan: Any
    description: str
    place: Optional[Place]


def full_name(namespace: Namespace, task_id: str) -> str:
    """Returns the full name of a task."""
    return "::".join((*namespace, task_id))


def place_of(function: Any) -> Optional[Place]:
    """Returns where a function is defined, or None for a callable without Python code."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return Place(code.co_filename, code.co_firstlineno) if isinstance(code, CodeType) else None


def description_of(function: Any) -> str:
    """Returns the docstring of a function without its indentation, or "" if it has none or no Python code."""
    text = getattr(inspect.unwrap(function), "__doc__", None) if place_of(function) is not None else None
    return inspect.cleandoc(text)[:_LONGEST_DESCRIPTION] if isinstance(text, str) else ""


def place_of_caller() -> Optional[Place]:
    """Returns the line outside this package that led to this call."""
    frame = sys._getframe(1)
    while _package.has_file(frame.f_code.co_filename):
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)
