"""`TriggerResult`, what a trigger function says, and `WorkflowResult`, what a run comes to."""

from __future__ import annotations

from typing import Any, Dict, Optional, cast, final

from ._context import Context
from ._sealed import Unbuildable, new
from ._types.dicts import WorkflowStatus
from ._values import arguments

#: Characters of a reason. It is kept with every run of skips.
_LONGEST_REASON = 500


@final
class TriggerResult(Unbuildable):
    """The answer of a trigger function: `TriggerResult.fire` starts the workflow, `TriggerResult.skip` does not.

    Every instance is truthy and equal to itself only; ask `is_fire_result` or `is_skip_result`.

    Example:
        >>> TriggerResult.fire(Context({"file": "a.csv"})).is_fire_result()
        True
        >>> TriggerResult.skip()
        TriggerResult.Skip
    """

    __slots__ = ("_fires", "_text")

    _fires: bool
    #: Of a firing the JSON text of its context, of a skip its reason; None where there is none. One slot for both: most
    #: polls skip, and make one of these.
    _text: Optional[str]

    @staticmethod
    def skip(reason: Optional[str] = None) -> TriggerResult:
        """Nothing to do: the trigger is called again after its interval.

        Args:
            reason: Why, for the history of the trigger: "no file is older than 5 s". Skips one after the other with
                the same reason are one record with a count. Beyond 500 characters it is cut. This is an addition: the
                native engine's ``skip`` takes none.

        Raises:
            TypeError: ``reason`` is neither text nor None.
        """
        result = new(TriggerResult)
        result._fires = False
        result._text = None if reason is None else _shortened(arguments.any_text(reason, "reason"))
        return result

    @staticmethod
    def fire(context: Optional[Context] = None) -> TriggerResult:
        """Start the workflow.

        Args:
            context: What the workflow starts with, copied now. The engine adds ``trigger_name`` and ``triggered_at``.

        Raises:
            TypeError: ``context`` is neither a `Context` nor None.
        """
        result = new(TriggerResult)
        result._fires = True
        if context is None:
            result._text = None
        elif isinstance(context, Context):
            result._text = context._text()
        else:
            arguments.refuse(context, "context", "Context")
        return result

    def is_fire_result(self) -> bool:
        """Whether the workflow is to be started."""
        return self._fires

    def is_skip_result(self) -> bool:
        """Whether there is nothing to do."""
        return not self._fires

    def __repr__(self) -> str:
        if not self._fires:
            return "TriggerResult.Skip" if self._text is None else f"TriggerResult.Skip({self._text!r})"
        return "TriggerResult.Fire(None)" if self._text is None else "TriggerResult.Fire(<context>)"


def _shortened(reason: str) -> Optional[str]:
    """One line that UTF-8 can say; None for what says nothing."""
    line = " ".join(reason[: 4 * _LONGEST_REASON].split()).encode("utf-8", "replace").decode("utf-8")
    return (line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…") or None


@final
class WorkflowResult(Unbuildable):
    """How a run ended. Returned by `DefaultRunner.execute`; also known as ``PipelineResult``."""

    __slots__ = ("_facts", "_final_text")

    _facts: Dict[str, Any]
    _final_text: str

    @property
    def execution_id(self) -> str:
        """Id of the execution, as the command line and Node know it. An addition: the native engine has none."""
        return str(self._facts["execution_id"])

    @property
    def status(self) -> WorkflowStatus:
        """How it ended: "Completed" or "Failed". An addition: "Cancelled", which the native engine does not know."""
        return cast(WorkflowStatus, str(self._facts["status"]))

    @property
    def start_time(self) -> str:
        """When the run began, RFC 3339 in UTC."""
        return str(self._facts["start_time"])

    @property
    def end_time(self) -> Optional[str]:
        """When the run ended, RFC 3339 in UTC."""
        time: Optional[str] = self._facts["end_time"]
        return time

    @property
    def final_context(self) -> Context:
        """The output of the completed task that finished last; a new `Context` each time."""
        return Context._from_text(self._final_text)

    @property
    def error_message(self) -> Optional[str]:
        """None when the run completed, else how many tasks failed, and why."""
        message: Optional[str] = self._facts["error_message"]
        return message

    def __repr__(self) -> str:
        return f"WorkflowResult(status={self.status}, error={self.error_message})"
