"""`TaskHandle`: lets a running task give its place back while it waits for something outside."""

from __future__ import annotations

import sys
from typing import Callable, Protocol, Union, final

from ._border import bridge, fault
from ._border.calls import awaited
from ._border.stops import is_stop
from ._sealed import Unbuildable, new
from ._values import arguments


class Slot(Protocol):
    """The place of a running task, and the time that it spends without one."""

    def release(self) -> None:
        """Gives the place back."""
        ...

    def sleep_ms(self, delay_ms: int) -> None:
        """Waits while others run."""
        ...

    def acquire(self) -> None:
        """Waits for a place and takes it."""
        ...


class _EngineSlot:
    """A place among the tasks that the engine runs."""

    __slots__ = ("_run_token",)

    def __init__(self, run_token: int) -> None:
        self._run_token = run_token

    def release(self) -> None:
        bridge.call("slot.release", {"task": self._run_token})

    def sleep_ms(self, delay_ms: int) -> None:
        bridge.meanwhile(lambda: bridge.sleep_ms(delay_ms))

    def acquire(self) -> None:
        bridge.call("slot.acquire", {"task": self._run_token})


@final
class TaskHandle(Unbuildable):
    """What a task is given as its second argument when that is named ``handle`` or ``task_handle``.

    It serves its task while the body runs; afterwards its methods raise ValueError ("already been consumed").
    """

    __slots__ = ("_slot", "_waits", "_ended")

    _slot: Slot
    #: How many threads of the task are in `defer_until`.
    _waits: int
    _ended: bool

    def defer_until(self, condition: Callable[[], bool], poll_interval_ms: int = 1000) -> None:
        """Waits until a condition holds, without occupying one of the runner's concurrent tasks meanwhile.

        It sleeps, then asks, again and again; when the answer is True it waits for a free place and returns. The time
        counts towards the timeout of the task, which stays "Running".

        Args:
            condition: Called without arguments. Only a real True ends the wait; an exception is printed and counts
                as False.
            poll_interval_ms: Milliseconds of sleep before each call.

        Raises:
            ValueError: The body has ended ("already been consumed"), or the engine refuses ("defer_until failed").
        """
        arguments.function(condition, "condition")
        interval_ms = arguments.unsigned(poll_interval_ms, "poll_interval_ms")
        self._check_use()
        _ask_for(self._slot.release)
        self._waits += 1
        while True:
            self._slot.sleep_ms(interval_ms)
            if _holds(condition):
                break
        _ask_for(self._slot.acquire)
        self._waits -= 1

    def is_slot_held(self) -> bool:
        """Whether the task occupies its place: False only while `defer_until` waits."""
        self._check_use()
        return self._waits == 0

    def _check_use(self) -> None:
        if self._ended:
            raise ValueError("TaskHandle has already been consumed: the body of its task has ended")

    def __repr__(self) -> str:
        return "TaskHandle(<consumed>)" if self._ended else f"TaskHandle(slot_held={self._waits == 0})"


def open_handle(slot: Union[int, Slot]) -> TaskHandle:
    """The handle of a body that starts now. A number is the engine's, for the attempt."""
    handle = new(TaskHandle)
    handle._slot = _EngineSlot(slot) if isinstance(slot, int) else slot
    handle._waits, handle._ended = 0, False
    return handle


def close_handle(handle: TaskHandle) -> None:
    """Its body has ended."""
    handle._ended = True


def _ask_for(place: Callable[[], None]) -> None:
    try:
        place()
    except Exception as error:
        raise ValueError(f"defer_until failed: {error}") from error


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return awaited(condition()) is True
    except BaseException as error:
        if is_stop(error):
            raise
        print(f"[cloaca] defer_until condition error: {fault.type_and_text(error)[1]}", file=sys.stderr)
        return False
