"""Results of `run_workflow` and `poll`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Literal, Optional, Tuple

from .._context import Context


@dataclass(frozen=True)
class TaskRun:
    """Result of one task of a run."""

    id: str
    status: Literal["Completed", "Failed", "Skipped"]
    #: Seconds from the start of the run to the start of each attempt, on the clock of the test.
    attempted_at: Tuple[float, ...]
    #: Input of the task, or None if it never started.
    input: Optional[Context]
    #: Output of the task, or None unless it is Completed.
    output: Optional[Context]
    #: Error of the last failed attempt, as the engine records it, or the reason for which a node that waits stopped it.
    #: None if the task completed, or its rule skipped it.
    error: Optional[str]
    #: The name of the exception's class.
    error_type: Optional[str]
    #: The traceback from the first line of your own code on.
    traceback: Optional[str] = field(repr=False)

    @property
    def attempts(self) -> int:
        """Number of attempts."""
        return len(self.attempted_at)


@dataclass(frozen=True)
class WorkflowRun:
    """Result of a run: the attributes of `cloaca.WorkflowResult`, and the result of each task."""

    status: Literal["Completed", "Failed"]
    #: None if the run completed. Otherwise the number of failed tasks, and their errors.
    error_message: Optional[str]
    #: Last output of a completed task that is not empty, or else the initial context.
    final_context: Context
    #: Results of the tasks by id, dependencies first.
    tasks: Dict[str, TaskRun] = field(repr=False)
    #: Times in RFC 3339 and UTC, on the clock of the test.
    start_time: str = field(repr=False)
    end_time: str = field(repr=False)


@dataclass(frozen=True)
class Firing:
    """Run that a poll starts."""

    #: Initial context of the workflow: the fired context, ``trigger_name`` and ``triggered_at``.
    context: Context
    #: Key of `cloaca.TriggerResult.fire`, or None.
    key: Optional[str]


@dataclass(frozen=True)
class PollResult:
    """Result of one poll of a trigger."""

    trigger: str
    outcome: Literal["fired", "skipped", "failed"]
    #: Name of the workflow that the trigger starts.
    workflow: str
    #: Reason of a skip, if the trigger gave one.
    reason: Optional[str]
    #: Error of a failed poll, as the engine records it, or None.
    error: Optional[str]
    #: The name of the exception's class.
    error_type: Optional[str]
    #: The traceback from the first line of your own code on.
    traceback: Optional[str] = field(repr=False)
    #: Runs that the poll starts, in order. An engine does not start a second run for a key.
    firings: Tuple[Firing, ...] = field(repr=False)
    #: State of the trigger after the poll, or None if it takes none. A failed poll does not change it.
    state: Optional[Dict[str, Any]] = field(repr=False)

    @property
    def context(self) -> Context:
        """Initial context of the first firing.

        Raises:
            ValueError: The trigger did not fire. The message states whether it skipped or failed.
        """
        if self.firings:
            return self.firings[0].context
        if self.outcome == "failed":
            trace = f"\n\n{self.traceback}" if self.traceback else ""
            raise ValueError(f"trigger '{self.trigger}' failed and did not fire: {self.error}{trace}")
        why = "" if self.reason is None else f": {self.reason}"
        raise ValueError(f"trigger '{self.trigger}' skipped and did not fire{why}")
