"""`TaskHandle`: lets a running task release its slot while it waits for an external condition."""

from __future__ import annotations

import sys
from typing import Callable, Protocol, Union, final

from ._border import bridge, fault
from ._border.calls import awaited
from ._border.stops import is_stop
from ._sealed import Unbuildable, new
from ._values import arguments


class Slot(Protocol):
    """Slot of a running task: the right to run. The task can release it, wait, and acquire it again."""

    def release(self) -> None:
        """Releases the slot."""
        ...

    def sleep_ms(self, delay_ms: int) -> None:
        """Waits while other tasks run."""
        ...

    def acquire(self) -> None:
        """Waits for a free slot and takes it."""
        ...


class _EngineSlot:
    """Slot of a task that the engine runs."""

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
    """Second argument of a task whose second parameter is named ``handle`` or ``task_handle``.

    A task can use its handle while its body runs. Afterwards the methods raise ValueError ("already been consumed").
    """

    __slots__ = ("_slot", "_waits", "_ended")

    _slot: Slot
    #: Number of the task's threads that are in `defer_until`.
    _waits: int
    _ended: bool

    def defer_until(self, condition: Callable[[], bool], poll_interval_ms: int = 1000) -> None:
        """Waits until a condition holds, and releases the task's slot while it waits.

        It sleeps and calls the condition in turn. When the condition returns True, it waits for a free slot, takes it,
        and returns. The whole wait is part of the task's timeout. The status of the task remains "Running".

        Args:
            condition: Function without parameters. Only the value True ends the wait. If the function raises an
                exception, the exception is printed, and the wait continues.
            poll_interval_ms: Milliseconds to sleep before each call of the condition.

        Raises:
            ValueError: The body of the task has ended ("already been consumed"), or the engine rejects the call
                ("defer_until failed").
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
        """Returns whether the task holds its slot. It is False only while `defer_until` waits."""
        self._check_use()
        return self._waits == 0

    def _check_use(self) -> None:
        if self._ended:
            raise ValueError("TaskHandle has already been consumed: the body of its task has ended")

    def __repr__(self) -> str:
        return "TaskHandle(<consumed>)" if self._ended else f"TaskHandle(slot_held={self._waits == 0})"


def open_handle(slot: Union[int, Slot]) -> TaskHandle:
    """Returns the handle for a task body that starts now. An int is the engine's number of the attempt."""
    handle = new(TaskHandle)
    handle._slot = _EngineSlot(slot) if isinstance(slot, int) else slot
    handle._waits, handle._ended = 0, False
    return handle


def close_handle(handle: TaskHandle) -> None:
    """Marks the handle as ended, because the body of its task has ended."""
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
