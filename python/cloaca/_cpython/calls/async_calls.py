"""Awaits what async triggers, tasks and callbacks return, each in the event loop of its script (``script_loop``).

The loop of a script begins with the first such call, and ends with the script. A call whose time is over is cancelled,
and again when it swallows that; the loop goes on. A step of it that blocks is stopped as a call on a thread is.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from ..._border import awaiting as border_awaiting
from ..._border import bridge, fault, stacks
from ..._border.calls import Awaiting, Call
from ..._border.calls import running as running_call
from ..._border.generation import Generation, generations
from ..._engine import finish, poll
from ..channel import helpers
from .entries import Entries
from .script_loop import ScriptLoop
from .waits import Stop, Wait

Outcome = Tuple[str, Optional[str], str, str, str]

#: A call that goes on after it was cancelled may have something to clean up.
_CANCELLED_AGAIN_AFTER_S, _AND_AGAIN_AFTER_S = 1.0, 0.1
#: A step that has not ended so long after a call was to stop, blocks the loop.
_BLOCKS_AFTER_S = 0.1
#: While another call's step keeps one from stopping, the engine is told so often that it was heard.
_ACKNOWLEDGE_EVERY_S = 0.5
_ENDS_WITHIN_S = 1.7
#: A step that takes longer is named, for each call at most once a minute.
_NAMED_AFTER_S, _NAMED_AGAIN_AFTER_S = 1.0, 60.0
_LOOK_EVERY_S = 0.25

_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep
_sleep = time.sleep


class AsyncCalls:
    """The calls that are awaited. ``ended`` is told the outcome of each, ``acknowledge`` that a stop was heard."""

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
        self._named_at: Dict[str, float] = {}
        self._is_watching = self._is_abandoned = False
        self._loops: Dict[int, ScriptLoop] = {}
        self._making = threading.Lock()
        self._calls: Dict[int, Tuple[Call, ScriptLoop]] = {}
        #: Of calls that shall stop: why, since when, the step that ran then, when the engine was last told, and the
        #: last step that was stopped for it.
        self._stops: Dict[int, List[Any]] = {}
        self._skipped: List[int] = []
        border_awaiting.wait_for = self.wait_for
        finish.end_loops = self.end_all

    # ------------------------------------------------------------------------------------------------------ one call

    def begin(self, token: int, generation: Generation, awaiting: Awaiting) -> None:
        """Has a call awaited.

        Raises:
            RuntimeError: Its script has ended, or there can be no more threads.
        """
        try:
            loop = self._loop_of(generation)
        except BaseException:
            _drop(awaiting.awaitable)
            raise
        call = Call(token, awaiting.name, awaiting.stopped)
        awaiting.context.run(running_call.set, call)
        loop.open_tokens.add(token)
        self._calls[token] = (call, loop)

        def end(_: Any) -> None:
            if token in self._calls:  # it was cancelled before its first step, and so has none
                _drop(awaiting.awaitable)
                self._end_call(call, loop, call.stopped(_stopped(call, asyncio.CancelledError())))

        def admit() -> None:
            call.task = loop.create_task(self._make(call, loop, awaiting))
            call.task.add_done_callback(end)
            if token in self._stops:
                self._cancel(call, loop)  # it was to stop before it had begun

        loop.call_soon_threadsafe(admit, context=awaiting.context)
        stop = self._entries.take_stop(token)
        if stop is not None:
            self.stop(token, stop)

    async def _make(self, call: Call, loop: ScriptLoop, awaiting: Awaiting) -> None:
        """Awaits a call to its end, in a task of its own, and reports what came of it."""
        try:
            outcome = await _outcome_of(awaiting)
        except BaseException as error:
            outcome = call.stopped(_stopped(call, error))
        self._end_call(call, loop, outcome)

    def _end_call(self, call: Call, loop: ScriptLoop, outcome: Any) -> None:
        if self._calls.pop(call.token, None) is None:
            return
        call.task = None
        loop.open_tokens.discard(call.token)
        self._stops.pop(call.token, None)
        if outcome is poll.SKIPPED:
            self._skipped.append(call.token)
        else:
            self._tell_end(call.token, outcome)

    def _end_calls_of(self, loop: ScriptLoop) -> None:
        """Those that were cancelled before they began, or did not end although they were."""
        for call, owner in list(self._calls.values()):
            if owner is loop:
                message = f"{call.name} was cancelled: its script has ended, or has been loaded again"
                self._end_call(call, loop, call.stopped(("failed", None, "CancelledError", message, "")))

    def _report_skipped(self) -> None:
        if self._skipped:
            skipped, self._skipped = self._skipped, []
            self._tell_skipped(skipped)

    def _loop_of(self, generation: Generation) -> ScriptLoop:
        with self._making:
            loop = self._loops.get(generation.number)
            if loop is None:
                if generations.get(generation.number) is not generation:
                    raise RuntimeError("the script has ended, or has been loaded again")
                loop = ScriptLoop(generation)
                loop.before_wait = self._report_skipped
                loop.after_end = lambda owner=loop: self._end_calls_of(owner)  # type: ignore[misc]
                loop.start()
                self._loops[generation.number] = loop
                if not self._is_watching:
                    self._is_watching = True
                    helpers.start(self._name_what_blocks)
            return loop

    # -------------------------------------------------------------------------------------------------- how it stops

    def stop(self, token: int, stop: Stop) -> bool:
        """Stops a call whose time is over, or whose execution is cancelled. False when none of that number is here."""
        if token not in self._calls:
            return False
        call, loop = self._calls[token]
        call.stop_reason = stop.reason
        call.is_overdue = not stop.is_cancelled
        now = time.monotonic()
        self._stops[token] = [stop, now, loop.steps, now, None]
        for thread in list(loop.aside):
            thread.tell(token, stop)
        loop.call_soon_threadsafe(self._cancel, call, loop, context=contextvars.Context())
        return True

    def stop_again(self, token: int) -> bool:
        """Sees to it that a call does stop. False when none of that number is here."""
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
                reason = f"stopped: it kept {call.name} from stopping ({stop.reason})"
                if step != told[4]:
                    told[4] = step
                    who = _who(loop)
                    self._notice(f"{who[0].upper()}{who[1:]}{_place_in(driver.ident)}, was {reason}")
                driver.tell(running, Stop(reason, False))
            elif now - acknowledged_at >= _ACKNOWLEDGE_EVERY_S:
                told[3] = now
                self._acknowledge(token)
        return True

    def _cancel(self, call: Call, loop: ScriptLoop) -> None:
        if call.task is None or call.task.done() or (call.is_cancelled and not call.is_overdue):
            return
        call.is_cancelled = not call.is_overdue
        call.task.cancel()
        if not call.is_overdue:
            return
        call.cancellations += 1
        delay_s = _CANCELLED_AGAIN_AFTER_S if call.cancellations == 1 else _AND_AGAIN_AFTER_S
        loop.call_later(delay_s, self._cancel, call, loop, context=contextvars.Context())

    def _name_what_blocks(self) -> None:
        """Has the user told of steps that take long, since nothing else of their script's goes on meanwhile."""
        seen: Dict[int, Tuple[int, float]] = {}
        while not self._is_abandoned:
            _sleep(_LOOK_EVERY_S)
            now = time.monotonic()
            for number, loop in list(self._loops.items()):
                step, since = seen.get(number, (0, now))
                driver = loop.driver
                if loop.steps != step or not loop.is_in_step or driver is None:
                    seen[number] = (loop.steps, now)
                elif now - since >= _NAMED_AFTER_S:
                    self._name(loop, driver.ident, now - since)

    def _name(self, loop: ScriptLoop, ident: int, seconds: float) -> None:
        who, now = _who(loop), time.monotonic()
        if now - self._named_at.get(who, -_NAMED_AGAIN_AFTER_S) < _NAMED_AGAIN_AFTER_S:
            return
        self._named_at[who] = now
        self._notice(
            f"{who[0].upper()}{who[1:]} blocks the event loop of its script{_place_in(ident)}, for {seconds:.0f} s so "
            "far: the script's other async triggers and tasks wait until it awaits something or ends. "
            "asyncio.to_thread() calls a function that blocks without that."
        )

    # ------------------------------------------------------------------------------------------ from synchronous code

    def wait_for(self, awaitable: Any) -> Any:
        """Waits until the loop of the script has awaited something; the caller's loop goes on meanwhile."""
        stack = stacks.current()
        loop = stack.loop if isinstance(stack.loop, ScriptLoop) else self._loop_of(stack.generation)
        context = contextvars.copy_context()
        if running_call.get() is None:
            context.run(running_call.set, Call(stack.origin, "an async function"))
        wait, tasks = Wait(), []

        def begin() -> None:
            task = loop.create_task(_await(awaitable))
            tasks.append(task)
            task.add_done_callback(wait.settle)

        loop.call_soon_threadsafe(begin, context=context)
        try:
            task = bridge.meanwhile(lambda: self._entries.ask(wait))
        except BaseException:
            loop.call_soon_threadsafe(lambda: [each.cancel() for each in tasks])
            raise
        return task.result()

    # ------------------------------------------------------------------------------------------- the end of a script

    def end(self, generation_number: int) -> None:
        """Ends the loop of a generation, soon: what is pending is cancelled."""
        loop = self._loops.pop(generation_number, None)
        if loop is not None:
            loop.end()

    def abandon(self, stop: Stop) -> None:
        """Stops everything, soon: nobody waits for what comes of it."""
        self._is_abandoned = True
        for token in list(self._calls):
            self.stop(token, stop)
        for number in list(self._loops):
            self.end(number)

    def end_all(self) -> None:
        """Ends all loops, and waits for that for a while."""
        loops = list(self._loops.values())
        for number in list(self._loops):
            self.end(number)
        for loop in loops:
            loop.wait_for_end(_ENDS_WITHIN_S)


def _who(loop: ScriptLoop) -> str:
    call = loop.call
    if call is None:
        return "a callback"
    return call.name if call.token in loop.open_tokens else f"a background task of {call.name}"


def _place_in(ident: int) -> str:
    """Where in the user's files a thread is: the innermost of them."""
    frame = sys._current_frames().get(ident)
    while frame is not None:
        file = frame.f_code.co_filename
        if not fault.is_ours(file) and not file.startswith(("<", _STANDARD_LIBRARY)) and "site-packages" not in file:
            return f" in {file}, line {frame.f_lineno}, {frame.f_code.co_name}"
        frame = frame.f_back
    return ""


async def _await(value: Any) -> Any:
    return await value


def _drop(awaitable: Any) -> None:
    close = getattr(awaitable, "close", None)
    if close is not None:
        close()


async def _outcome_of(awaiting: Awaiting) -> Any:
    while True:
        try:
            value = await awaiting.awaitable
        except (Exception, SystemExit) as error:
            result = awaiting.ended(None, error)
        else:
            result = awaiting.ended(value, None)
        if type(result) is not Awaiting:
            return result
        awaiting = result


def _stopped(call: Call, error: BaseException) -> Outcome:
    name, text = fault.type_and_text(error)
    kind = "timedOut" if isinstance(error, bridge.DeadlineExceeded) else "failed"
    if isinstance(error, asyncio.CancelledError) and call.stop_reason is not None:
        name, text = fault.type_and_text(Stop(call.stop_reason, not call.is_overdue).error())
        kind = "timedOut" if call.is_overdue else "failed"
    return (kind, None, name, text, fault.traceback_text(error))
