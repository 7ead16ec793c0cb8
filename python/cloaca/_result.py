"""`TriggerResult`: what a trigger function says, to fire or to skip."""

from __future__ import annotations

from typing import Optional, final

from ._context import Context
from ._sealed import Unbuildable, new
from ._values import arguments


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

    __slots__ = ("_fires", "_context_text")

    _fires: bool
    #: JSON text of the fired context; None when it skips or fires without one.
    _context_text: Optional[str]

    @staticmethod
    def skip() -> TriggerResult:
        """Nothing to do: the trigger is called again after its interval."""
        result = new(TriggerResult)
        result._fires = False
        result._context_text = None
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
            result._context_text = None
        elif isinstance(context, Context):
            result._context_text = context._text()
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
            return "TriggerResult.Skip"
        return "TriggerResult.Fire(None)" if self._context_text is None else "TriggerResult.Fire(<context>)"
