"""One attempt of a task in a test: `_engine.attempt` within a time limit, on the thread of the test or on a strand."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any, Callable, Dict, Tuple

from .._border import fault
from .._border.calls import Awaiting
from .._border.outcome import Failed
from .._border.stops import OF_SCRIPTS, DeadlineExceeded, in_unit_test
from .._declarations.declaration import TaskDeclaration
from .._engine import attempt
from ._clock import FakeClock
from ._decisions import overdue_message
from ._memory import TaskMemory
from ._strands import Loop
from ._view import RunView


class Limit:
    """Time limit of an attempt, in the time of the test's clock and in real time."""

    def __init__(self, name: str, clock: FakeClock, limit_ms: float) -> None:
        self.message = overdue_message(name, limit_ms)
        self._limit_ms = limit_ms
        self._clock = clock
        self._ends_at_ms = clock._now_ms + limit_ms
        self._began_at_s = time.monotonic()

    def now_ms(self) -> float:
        """Returns the time on the clock of the test."""
        return self._clock._now_ms

    def left_ms(self) -> float:
        """Returns the remaining time on the clock of the test."""
        return self._ends_at_ms - self._clock._now_ms

    def left_s(self) -> float:
        """Returns the remaining time in real seconds."""
        return self._limit_ms / 1000 - (time.monotonic() - self._began_at_s)

    def extend(self, since_ms: float, since_s: float) -> None:
        """Adds the time since two earlier times, on the clock of the test and in real seconds."""
        self._ends_at_ms += self._clock._now_ms - since_ms
        self._began_at_s += time.monotonic() - since_s

    def check(self) -> None:
        """Stops the attempt if the time is over."""
        if self.left_ms() <= 0 or self.left_s() <= 0:
            raise DeadlineExceeded(self.message)


class StrandTask:
    """Running task as its handle uses it. The task is parked until the clock reaches the next poll."""

    def __init__(self, limit: Limit, view: RunView, memory: TaskMemory, park_for: Callable[[float], None]) -> None:
        self._limit = limit
        self._memory = memory
        self.key, self.find_result, self.keep_result = memory.key, memory.find_result, memory.keep_result
        self._park_for = park_for
        self.input_text, self.failures, self.traceback = view.input_text, view.failures, view.traceback

    def run_child(self, workflow: str, text: str, key: str) -> Tuple[Dict[str, object], str]:
        """Runs a child once for the key, and returns its result. The time limit stands still."""
        since_ms, since_s = self._limit.now_ms(), time.monotonic()
        try:
            return self._memory.run_child(workflow, text, key)
        finally:
            self._limit.extend(since_ms, since_s)

    def release(self) -> None:
        """Does nothing, because other tasks run whenever this one is parked."""

    def sleep_ms(self, delay_ms: int) -> None:
        """Parks the task for the delay, or until its time is over."""
        # At least 1 ms, because the clock would never advance without a delay.
        self._park_for(min(max(1, delay_ms), max(1, self._limit.left_ms())))
        self._limit.check()

    def acquire(self) -> None:
        """Does nothing, because the running task already has its slot."""


def run_attempt(
    task: TaskDeclaration, workflow: str, input_text: str, limit: Limit, running: StrandTask, loop: Loop
) -> attempt.Outcome:
    """Runs an attempt to its end. Exceptions for the test runner are re-raised, such as Ctrl-C and ``pytest.fail``."""
    limited = replace(task, function=_within(task.function, limit))
    before = in_unit_test.set(True)
    try:
        result = attempt.run_task(limited, workflow, input_text, running)
        while isinstance(result, Awaiting):
            try:
                value = loop.run(_awaited(result.awaitable, limit))
            except OF_SCRIPTS as error:
                result = result.ended(None, error)
            else:
                result = result.ended(value, None)
        return result
    except DeadlineExceeded as error:
        return Failed("timedOut", type(error).__name__, limit.message, fault.traceback_text(error))
    finally:
        in_unit_test.reset(before)


def _within(function: Callable[..., Any], limit: Limit) -> Callable[..., Any]:
    """Returns a body whose late result or exception is dropped, because the engine would have stopped it before."""

    def body(*arguments: Any) -> Any:
        try:
            returned = function(*arguments)
        finally:
            limit.check()
        return returned

    return body


async def _awaited(awaitable: Any, limit: Limit) -> Any:
    """Awaits within a time limit, after which the awaitable is cancelled."""
    current = asyncio.current_task()
    assert current is not None
    is_over = False

    def stop() -> None:
        nonlocal is_over
        is_over = True
        current.cancel()

    timer = asyncio.get_running_loop().call_later(max(0, limit.left_s()), stop)
    try:
        return await awaitable
    except asyncio.CancelledError as error:
        if is_over:
            raise DeadlineExceeded(limit.message).with_traceback(error.__traceback__) from None
        raise
    finally:
        timer.cancel()
        if not is_over:
            limit.check()
