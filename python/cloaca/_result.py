"""`TriggerResult`: what a trigger function says, to fire or to skip."""

from __future__ import annotations

from typing import Optional, final

from ._context import Context
from ._sealed import Unbuildable, new
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
        result._text = None if reason is None else _shortened(arguments.text(reason, "reason"))
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
