"""The event loops of scripts: each begins with the first call that is awaited, and ends with its script."""

from __future__ import annotations

from typing import Any, Callable, Dict, Generic, List, TypeVar

from .._border.generation import Generation, generations
from .base import ENDS_WITHIN_S, ScriptLoopBase

#: What a loop does at its end besides cancelling takes little.
_ALL_END_WITHIN_S = ENDS_WITHIN_S + 0.2

Loop = TypeVar("Loop", bound=ScriptLoopBase)


class LoopsByGeneration(Generic[Loop]):
    """The loops that are in use, by the number of their generation.

    Args:
        new: Makes the loop of a generation.
        before_wait: Called before one of them may wait.
        after_end: Called with a loop that is closed.
    """

    def __init__(
        self, new: Callable[[Generation], Loop], before_wait: Callable[[], None], after_end: Callable[[Any], None]
    ) -> None:
        self._new = new
        self._before_wait = before_wait
        self._after_end = after_end
        self._loops: Dict[int, Loop] = {}

    def of(self, generation: Generation) -> Loop:
        """The loop of a generation, begun when it is first asked for.

        Raises:
            RuntimeError: Its script has ended, or nothing more can be begun that would drive a loop.
        """
        loop = self._loops.get(generation.number)
        if loop is None:
            if generations.get(generation.number) is not generation:
                raise RuntimeError("the script has ended, or has been loaded again")
            loop = self._new(generation)
            loop.before_wait = self._before_wait
            loop.after_end = self._after_end
            loop.start()
            self._loops[generation.number] = loop
        return loop

    def by_number(self) -> Dict[int, Loop]:
        """Those that have begun and not been ended."""
        return dict(self._loops)

    def end(self, generation_number: int) -> None:
        """Ends the loop of a generation, soon: what is pending is cancelled."""
        loop = self._loops.pop(generation_number, None)
        if loop is not None:
            loop.end()

    def end_all_soon(self) -> List[Loop]:
        """Ends all of them, without waiting for that. Returns them."""
        loops = self.by_number()
        for number in loops:
            self.end(number)
        return list(loops.values())

    def end_all(self) -> None:
        """Ends all of them, and waits for that for a while."""
        for loop in self.end_all_soon():
            loop.wait_for_end(_ALL_END_WITHIN_S)
