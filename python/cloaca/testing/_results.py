"""What `run_workflow` and `poll` return."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Literal, Optional, Tuple

from .._context import Context


@dataclass(frozen=True)
class TaskRun:
    """How one task of a run ended."""

    id: str
    status: Literal["Completed", "Failed", "Skipped"]
    #: For each attempt the seconds from the start of the run to its begin, on the clock of the test.
    attempted_at: Tuple[float, ...]
    #: What it was given; None for a task that never began.
    input: Optional[Context]
    #: What it came to; None unless it is Completed.
    output: Optional[Context]
    #: Of the last attempt that failed, as the engine records it; None for a task that completed or was skipped.
    error: Optional[str]
    #: The name of the exception's class.
    error_type: Optional[str]
    #: The traceback from the first line of your own code on.
    traceback: Optional[str] = field(repr=False)

    @property
    def attempts(self) -> int:
        """How often it was tried."""
        return len(self.attempted_at)


@dataclass(frozen=True)
class WorkflowRun:
    """How a run ended: what `cloaca.WorkflowResult` has, and each task."""

    status: Literal["Completed", "Failed"]
    #: None when it completed, else how many tasks failed, and why.
    error_message: Optional[str]
    #: The output of the completed task that finished last and is not empty; else what the run began with.
    final_context: Context
    #: By id, dependencies first.
    tasks: Dict[str, TaskRun] = field(repr=False)
    #: RFC 3339 in UTC, on the clock of the test.
    start_time: str = field(repr=False)
    end_time: str = field(repr=False)


@dataclass(frozen=True)
class PollResult:
    """What one poll of a trigger came to."""

    trigger: str
    outcome: Literal["fired", "skipped", "failed"]
    #: Name of the workflow that it starts.
    workflow: str
    #: Why it skipped, where it said so.
    reason: Optional[str]
    #: What went wrong, as the engine records it; None unless it failed.
    error: Optional[str]
    #: The name of the exception's class.
    error_type: Optional[str]
    #: The traceback from the first line of your own code on.
    traceback: Optional[str] = field(repr=False)
    _fired: Optional[Context] = field(repr=False)

    @property
    def context(self) -> Context:
        """What the workflow would start with: the fired context, ``trigger_name`` and ``triggered_at``.

        Raises:
            ValueError: The trigger did not fire; the message says what it did instead.
        """
        if self._fired is not None:
            return self._fired
        if self.outcome == "failed":
            trace = f"\n\n{self.traceback}" if self.traceback else ""
            raise ValueError(f"trigger '{self.trigger}' did not fire, it failed: {self.error}{trace}")
        why = "" if self.reason is None else f": {self.reason}"
        raise ValueError(f"trigger '{self.trigger}' did not fire, it skipped{why}")
