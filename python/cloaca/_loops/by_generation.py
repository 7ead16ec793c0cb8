"""Event loops of scripts. Each starts with the first call that is awaited, and ends with its script."""

from __future__ import annotations

from typing import Any, Callable, Dict, Generic, List, TypeVar

from .._border.generation import Generation, generations
from .base import ENDS_WITHIN_S, ScriptLoopBase

#: Time for all loops to end. Except for the cancellation, the end of a loop takes little time.
_ALL_END_WITHIN_S = ENDS_WITHIN_S + 0.2

Loop = TypeVar("Loop", bound=ScriptLoopBase)


class LoopsByGeneration(Generic[Loop]):
    """Loops in use, by the number of their generation.

    Args:
        new: Function that creates the loop of a generation.
        before_wait: Function that is called before a loop may wait.
        after_end: Function that is called with a closed loop.
    """

    def __init__(
        self, new: Callable[[Generation], Loop], before_wait: Callable[[], None], after_end: Callable[[Any], None]
    ) -> None:
        self._new = new
        self._before_wait = before_wait
        self._after_end = after_end
        self._loops: Dict[int, Loop] = {}

    def of(self, generation: Generation) -> Loop:
        """Returns the loop of a generation, which is started at the first call.

        Raises:
            RuntimeError: Its script has ended, or nothing can be started that would drive the loop.
        """
        loop = self._loops.get(generation.number)
        if loop is None:
            if generations.get(generation.number) is not generation:
                raise RuntimeError("the script has ended or was reloaded")
            loop = self._new(generation)
            loop.before_wait = self._before_wait
            loop.after_end = self._after_end
            loop.start()
            self._loops[generation.number] = loop
        return loop

    def by_number(self) -> Dict[int, Loop]:
        """Returns the loops that have started and were not ended."""
        return dict(self._loops)

    def end(self, generation_number: int) -> None:
        """Ends the loop of a generation soon, and cancels its pending work."""
        loop = self._loops.pop(generation_number, None)
        if loop is not None:
            loop.end()

    def end_all_soon(self) -> List[Loop]:
        """Ends all loops without waiting, and returns them."""
        loops = self.by_number()
        for number in loops:
            self.end(number)
        return list(loops.values())

    def end_all(self) -> None:
        """Ends all loops, and waits for their end for some time."""
        for loop in self.end_all_soon():
            loop.wait_for_end(_ALL_END_WITHIN_S)
