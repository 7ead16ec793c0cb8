"""`TriggerResult`, the return value of a trigger function, and `WorkflowResult`, the result of a run."""

from __future__ import annotations

from typing import Any, Dict, Optional, cast, final

from ._context import Context
from ._sealed import Unbuildable, new
from ._types.dicts import WorkflowStatus
from ._values import arguments

#: Maximum number of characters of a reason. Each series of skips stores one.
_LONGEST_REASON = 500


@final
class TriggerResult(Unbuildable):
    """Return value of a trigger function: `TriggerResult.fire` starts the workflow, `TriggerResult.skip` does not.

    A function can also return a list of at most 1,000 results of `TriggerResult.fire`. Each item starts the workflow.

    Every instance is true in a condition and equal only to itself. Use `is_fire_result` or `is_skip_result` to tell
    them apart.

    Example:
        >>> TriggerResult.fire(Context({"file": "a.csv"})).is_fire_result()
        True
        >>> TriggerResult.skip()
        TriggerResult.Skip
    """

    __slots__ = ("_fires", "_text", "_key")

    _fires: bool
    #: Key of a result that fires, or None. A result that skips does not have the attribute.
    _key: Optional[str]
    #: JSON text of the context if the result fires, the reason if it skips, or None. Both share one slot to keep the
    #: object small: most polls create one.
    _text: Optional[str]

    @staticmethod
    def skip(reason: Optional[str] = None) -> TriggerResult:
        """Returns a result that starts nothing. The trigger is called again after its interval.

        Args:
            reason: Reason for the history of the trigger, such as "no file is older than 5 s". Successive skips with
                the same reason share one record, which counts them. The text is cut after 500 characters. The native
                engine's ``skip`` has no ``reason``.

        Raises:
            TypeError: ``reason`` is neither a str nor None.
        """
        result = new(TriggerResult)
        result._fires = False
        result._text = None if reason is None else _shortened(arguments.any_text(reason, "reason"))
        return result

    @staticmethod
    def fire(context: Optional[Context] = None, *, key: Optional[str] = None) -> TriggerResult:
        """Returns a result that starts the workflow.

        Args:
            context: Initial context of the workflow, copied now. The engine adds ``trigger_name`` and ``triggered_at``.
            key: Name of the event, such as "row-7", which has 1 to 512 bytes of UTF-8. The trigger fires at most once
                for each key, also after the run has ended or failed, until the key expires (``key_ttl`` of `trigger`).
                Without a key, the result starts nothing only while a run that the trigger started with an equal context
                is active. The native engine does not have this argument.

        Raises:
            TypeError: ``context`` is neither a `Context` nor None, or ``key`` is neither a str nor None.
            ValueError: ``key`` is empty, longer than 512 bytes, or contains U+0000.
        """
        result = new(TriggerResult)
        result._fires = True
        result._key = None if key is None else arguments.key(key, "key")
        if context is None:
            result._text = None
        elif isinstance(context, Context):
            result._text = context._text()
        else:
            arguments.refuse(context, "context", "Context")
        return result

    def is_fire_result(self) -> bool:
        """Returns whether the result starts the workflow."""
        return self._fires

    def is_skip_result(self) -> bool:
        """Returns whether the result starts nothing."""
        return not self._fires

    def __repr__(self) -> str:
        if not self._fires:
            return "TriggerResult.Skip" if self._text is None else f"TriggerResult.Skip({self._text!r})"
        context = "None" if self._text is None else "<context>"
        key = "" if self._key is None else f", key={self._key!r}"
        return f"TriggerResult.Fire({context}{key})"


def _shortened(reason: str) -> Optional[str]:
    """Returns the reason as one line of valid UTF-8, or None if nothing remains."""
    line = " ".join(reason[: 4 * _LONGEST_REASON].split()).encode("utf-8", "replace").decode("utf-8")
    return (line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…") or None


@final
class WorkflowResult(Unbuildable):
    """Result of a run, which `DefaultRunner.execute` returns. Its older name is ``PipelineResult``."""

    __slots__ = ("_facts", "_final_text")

    _facts: Dict[str, Any]
    _final_text: str

    @property
    def execution_id(self) -> str:
        """Id of the execution, as in the command line and in Node. The native engine does not have this attribute."""
        return str(self._facts["execution_id"])

    @property
    def status(self) -> WorkflowStatus:
        """Final status: "Completed" or "Failed", or "Cancelled", which the native engine does not have."""
        return cast(WorkflowStatus, str(self._facts["status"]))

    @property
    def start_time(self) -> str:
        """Time at which the run started, in RFC 3339 and UTC."""
        return str(self._facts["start_time"])

    @property
    def end_time(self) -> Optional[str]:
        """Time at which the run ended, in RFC 3339 and UTC."""
        time: Optional[str] = self._facts["end_time"]
        return time

    @property
    def final_context(self) -> Context:
        """Output of the completed task that finished last. Each access returns a new `Context`."""
        return Context._from_text(self._final_text)

    @property
    def error_message(self) -> Optional[str]:
        """None if the run completed. Otherwise the number of failed tasks, and their errors."""
        message: Optional[str] = self._facts["error_message"]
        return message

    def __repr__(self) -> str:
        return f"WorkflowResult(status={self.status}, error={self.error_message})"
