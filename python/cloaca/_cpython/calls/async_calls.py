"""Awaits the results of async triggers, tasks and callbacks, each in the event loop of its script (``script_loop``).

The loop of a script starts with the first such call, and ends with the script. An overdue call is cancelled, and
cancelled again if it swallows the cancellation; the loop continues. A blocking step of the loop is stopped like a call
on a thread.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Tuple

from ..._border import bridge, stacks
from ..._border import calls as border_calls
from ..._border.calls import Awaiting, Call, drop
from ..._border.calls import running as running_call
from ..._border.generation import Generation
from ..._border.outcome import SKIPPED
from ..._engine import finish
from ..._loops import awaited_calls, blocking
from ..._loops.by_generation import LoopsByGeneration
from ..channel import helpers
from .entries import Entries
from .script_loop import ScriptLoop
from .waits import Stop, Wait

#: Time after the stop of a call from which a step that is still running blocks the loop.
_BLOCKS_AFTER_S = 0.1
#: Interval of acknowledgements to the engine while the step of another call delays a stop.
_ACKNOWLEDGE_EVERY_S = 0.5
_LOOK_EVERY_S = 0.25

_sleep = time.sleep


class AsyncCalls:
    """Calls that are awaited.

    ``ended`` receives the outcome of each, and ``acknowledge`` is called for each delayed stop.
    """

    def __init__(
        self,
        entries: Entries,
        ended: Callable[[int, Any], None],
        skipped: Callable[[List[int]], None],
        acknowledge: Callable[[int], None],
        notice: Callable[[str], None],
    ) -> None:
        self._entries = entries
        self._tell_end = ended
        self._tell_skipped = skipped
        self._acknowledge = acknowledge
        self._notice = notice
        self._blocking = blocking.BlockingNotices()
        self._is_watching = self._is_abandoned = False
        self._loops = LoopsByGeneration(self._new_loop, self._report_skipped, self._end_calls_of)
        self._making = threading.Lock()
        self._calls: Dict[int, Tuple[Call, ScriptLoop]] = {}
        #: Calls that have to stop: the reason, the time, the step that ran then, the time of the last acknowledgement,
        #: and the last step that was stopped for it.
        self._stops: Dict[int, List[Any]] = {}
        self._skipped: List[int] = []
        border_calls.wait_for = self.wait_for
        #: Ends the loop of a generation soon, and cancels its pending work.
        self.end = self._loops.end
        #: Ends all loops, and waits for their end for some time.
        self.end_all = finish.end_loops = self._loops.end_all

    # ------------------------------------------------------------------------------------------------------ one call

    def begin(self, token: int, generation: Generation, awaiting: Awaiting, start_before: float) -> None:
        """Schedules a call to be awaited. ``start_before``: see ``start_limit``.

        Raises:
            RuntimeError: Its script has ended, or its thread cannot be started.
        """
        try:
            with self._making:
                loop = self._loops.of(generation)
        except BaseException:
            drop(awaiting.awaitable)
            raise
        call = Call(token, awaiting.name, awaiting.stopped)
        awaiting.context.run(running_call.set, call)
        loop.open_tokens.add(token)
        self._calls[token] = (call, loop)

        def end(_: Any) -> None:
            if token in self._calls:  # the call was cancelled before its first step
                drop(awaiting.awaitable)
                self._end_call(call, loop, call.stopped(awaited_calls.stopped(call, asyncio.CancelledError())))

        def admit() -> None:
            call.task = loop.create_task(self._make(call, loop, awaiting, start_before))
            call.task.add_done_callback(end)
            if token in self._stops:
                awaited_calls.cancel(call, loop)  # the call was stopped before it had begun

        loop.call_soon_threadsafe(admit, context=awaiting.context)
        stop = self._entries.take_stop(token)
        if stop is not None:
            self.stop(token, stop)

    async def _make(self, call: Call, loop: ScriptLoop, awaiting: Awaiting, start_before: float) -> None:
        """Awaits a call in its own task, and reports its outcome."""
        try:
            outcome = await awaited_calls.outcome_of(awaiting, start_before)
        except BaseException as error:
            outcome = call.stopped(awaited_calls.stopped(call, error))
        self._end_call(call, loop, outcome)

    def _end_call(self, call: Call, loop: ScriptLoop, outcome: Any) -> None:
        if self._calls.pop(call.token, None) is None:
            return
        call.task = None
        loop.open_tokens.discard(call.token)
        self._stops.pop(call.token, None)
        if outcome is SKIPPED:
            self._skipped.append(call.token)
        else:
            self._tell_end(call.token, outcome)

    def _end_calls_of(self, loop: ScriptLoop) -> None:
        """Reports the calls of a loop that were cancelled before they began, or that did not end although cancelled."""
        for call, owner in list(self._calls.values()):
            if owner is loop:
                self._end_call(call, loop, awaited_calls.ended_with_script(call))

    def _report_skipped(self) -> None:
        if self._skipped:
            skipped, self._skipped = self._skipped, []
            self._tell_skipped(skipped)

    def _new_loop(self, generation: Generation) -> ScriptLoop:
        if not self._is_watching:
            helpers.start(self._name_what_blocks)
            self._is_watching = True
        return ScriptLoop(generation)

    # -------------------------------------------------------------------------------------------------- how it stops

    def stop(self, token: int, stop: Stop) -> bool:
        """Stops an overdue or cancelled call. Returns False if there is no call with this token here."""
        if token not in self._calls:
            return False
        call, loop = self._calls[token]
        call.stop_reason = stop.reason
        call.is_overdue = not stop.is_cancelled
        now = time.monotonic()
        self._stops[token] = [stop, now, loop.steps, now, None]
        for thread in list(loop.aside):
            thread.tell(token, stop)
        loop.call_soon_threadsafe(awaited_calls.cancel, call, loop, context=contextvars.Context())
        return True

    def stop_again(self, token: int) -> bool:
        """Makes sure that a call stops. Returns False if there is no call with this token here."""
        if token not in self._calls or token not in self._stops:
            return token in self._calls
        (call, loop), told = self._calls[token], self._stops[token]
        stop, since, step, acknowledged_at, _ = told
        now, driver = time.monotonic(), loop.driver
        if loop.steps != step:
            told[1], told[2] = now, loop.steps
        elif driver is not None and loop.is_in_step and now - since >= _BLOCKS_AFTER_S:
            running = loop.step_token
            if running == token:
                driver.tell(token, stop)
            elif running < 0:
                reason = blocking.reason_to_stop(call)
                if step != told[4]:
                    told[4] = step
                    self._notice(blocking.stop_notice(loop.who(), _frame_of(driver.ident), reason))
                driver.tell(running, Stop(reason, False))
            elif now - acknowledged_at >= _ACKNOWLEDGE_EVERY_S:
                told[3] = now
                self._acknowledge(token)
        return True

    def _name_what_blocks(self) -> None:
        """Warns users of steps that take long, because they block all other async calls of their script."""
        seen: Dict[int, Tuple[int, float]] = {}
        while not self._is_abandoned:
            _sleep(_LOOK_EVERY_S)
            now = time.monotonic()
            for number, loop in self._loops.by_number().items():
                step, since = seen.get(number, (0, now))
                driver = loop.driver
                if loop.steps != step or not loop.is_in_step or driver is None:
                    seen[number] = (loop.steps, now)
                elif now - since >= blocking.NAMED_AFTER_S:
                    notice = self._blocking.notice(loop.who(), _frame_of(driver.ident), now - since)
                    if notice is not None:
                        self._notice(notice)

    # ------------------------------------------------------------------------------------------ from synchronous code

    def wait_for(self, awaitable: Any) -> Any:
        """Waits until the loop of the script has awaited an object. The caller's loop continues during the wait."""
        stack = stacks.current()
        loop = stack.loop
        if not isinstance(loop, ScriptLoop):
            with self._making:
                loop = self._loops.of(stack.generation)
        context = awaited_calls.context_of_caller(stack.origin)
        wait, tasks = Wait(), []

        def begin() -> None:
            task = loop.create_task(border_calls.result_of(awaitable))
            tasks.append(task)
            task.add_done_callback(wait.settle)

        loop.call_soon_threadsafe(begin, context=context)
        try:
            task = bridge.meanwhile(lambda: self._entries.ask(wait))
        except BaseException:
            loop.call_soon_threadsafe(lambda: [each.cancel() for each in tasks])
            raise
        return task.result()

    # --------------------------------------------------------------------------------------------------- the end of all

    def abandon(self, stop: Stop) -> None:
        """Stops all calls soon. Their outcomes are ignored."""
        self._is_abandoned = True
        for token in list(self._calls):
            self.stop(token, stop)
        self._loops.end_all_soon()


def _frame_of(ident: int) -> Any:
    """Returns the innermost frame of a thread, or None."""
    return sys._current_frames().get(ident)
