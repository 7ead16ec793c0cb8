"""Event loop of a script. All its async triggers and tasks run in it concurrently while the script is loaded.

So a script can keep asyncio's clients, locks and background tasks from one poll to the next. It is the standard
library's loop (``_adapt.sockets.event_loop``) on its own stack. A *step* is the code that runs between two ``await``
expressions. It has the number of the call in whose context it runs, so that limits, interrupts and messages apply to
that call.

A step that blocks delays the others, as in any asyncio loop, and is reported after a second. A wait of cloaca itself
(``runner.execute``, ``handle.defer_until``) does not block, because its result may depend on this loop. The waiting
step keeps its stack, and another stack drives the loop during the wait. When the answer arrives, the stacks switch
until the step ends::

    stack A   step ── run_meanwhile: waits ─────────── the answer ──── rest of the step ── ends
    stack B            drives the loop ········· _hand_over: waits ···················── drives on

Proved by ``python/tests/test_engine_async.py`` and ``test/host/async-calls.test.ts``.
"""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio import events
from typing import Any, Callable, Dict, List, Optional

from .._border import bridge, host, stacks
from .._border.calls import Call
from .._border.calls import running as running_call
from .._border.generation import Generation
from .._border.stops import DeadlineExceeded
from .._loops import blocking
from .._loops.base import ENDS_WITHIN_S, Left, ScriptLoopBase, run_handle

#: Minimum time that a step runs before it is interrupted. A younger step gets only the ``CancelledError``.
_STOPPED_AFTER_S = 0.1
#: Number of stops after which a step is considered unstoppable.
_DEAF_AFTER = 10
_PAUSE_AFTER_ERROR_MS = 100

_Task: Any = asyncio.Task

#: Functions of stacks that will drive a loop and that the host has not entered yet.
unstarted: Dict[int, Callable[[], None]] = {}


class _LoopStack(stacks.Stack):
    """Stack of a loop. Whether it was notified of a cancellation is a property of the call whose step runs."""

    loop: Any = None

    def _has_heard(self) -> bool:
        call = self.loop.call
        return call is None or bool(call.is_cancelled)

    def _hear(self, value: bool) -> None:
        if self.loop.call is not None:
            self.loop.call.is_cancelled = value

    is_cancelled: Any = property(_has_heard, _hear)


class ScriptLoop(ScriptLoopBase):
    """Loop of one generation of a script. ``start`` is called once, and ``end`` when the script ends."""

    tells_why = True

    def __init__(self, generation: Generation) -> None:
        super().__init__()
        self.stack = _LoopStack(0, generation)
        self.stack.loop = self
        #: Calls among ``open_tokens`` that have to stop and have not stopped yet. No other step may prevent this.
        self.stopping: Dict[int, Call] = {}
        self._no_call = -self.stack.ident - 1  # neither another stack nor the host uses this number
        self._steps = 0
        self._seen_step, self._seen_at = 0, 0.0
        self._watched_step = 0
        self._stops_of_step = 0
        self._blocking = blocking.BlockingNotices()
        #: Event of the driving stack, which waits while a step continues that had waited on another stack.
        self._waiting_driver: Optional[int] = None
        self._is_admitting = False
        self._end_waiters: List[int] = []

    # ------------------------------------------------------------------------------------------------ what goes in

    def start(self) -> None:
        """Starts the loop on its own stack. Raises RuntimeError if there are too many stacks."""
        running, token = stacks.running, stacks.running_token[0]
        ident = stacks.new_ident()
        unstarted[ident] = lambda: stacks.go_on_in(self.stack, self._drive)
        try:
            bridge.start_thread(ident)
        except BaseException:
            del unstarted[ident]
            raise
        finally:
            stacks.running, stacks.running_token[0] = running, token

    def admit(self, coroutine: Any, context: Any) -> Any:
        """Creates a task. It can be called on any stack."""
        self._is_admitting = True
        try:
            return _Task(coroutine, loop=self, context=context)
        finally:
            self._is_admitting = False

    def _check_thread(self) -> None:
        if not self._is_admitting:
            super()._check_thread()

    def wait_for_end(self, timeout_s: float) -> bool:
        """Waits until the loop is closed. Returns False if the time is over first."""
        if self.is_closed():
            return True
        event = bridge.new_event()
        self._end_waiters.append(event)
        return bridge.wait_event(event, timeout_s * 1000)

    # ------------------------------------------------------------------------------------------- the driving stack

    def _drive(self) -> None:
        events._set_running_loop(self)
        sys.set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)
        self._thread_id: Optional[int] = self.stack.ident
        while not self._is_over:
            try:
                self.before_wait()
                self._run_once()
            except Left:
                self._wake_driver()
                return
            except DeadlineExceeded:
                continue  # the stop was too late for its step
            except BaseException as error:
                self._report("Exception in the event loop of a script", error)
                bridge.sleep_ms(_PAUSE_AFTER_ERROR_MS)
        self._close_up()

    def _close_up(self) -> None:
        self._thread_id = None
        events._set_running_loop(None)
        sys.set_asyncgen_hooks(None, None)
        self.close()
        self.after_end(self)
        for event in self._end_waiters:
            bridge.set_event(event)
        stacks.end(self.stack)

    async def _end_what_is_left(self) -> None:
        await super()._end_what_is_left()
        await self.shutdown_default_executor(timeout=ENDS_WITHIN_S)

    # ------------------------------------------------------------------------------------------------------- steps

    def run_step(self, handle: Any) -> None:
        """Runs a step for its call."""
        stack, call = self.stack, handle._context.get(running_call)
        self.call = call
        self._steps += 1
        self.is_in_step = True
        stack.token = stack.origin = stacks.running_token[0] = self._no_call if call is None else call.token
        try:
            run_handle(handle)
        except (SystemExit, KeyboardInterrupt) as error:
            self._report(f"{self.who()} raised {type(error).__name__} in the event loop", error)
        finally:
            self.leave_step()
        if self._waiting_driver is not None:
            raise Left

    def leave_step(self) -> None:
        """Leaves a step. Code after it cannot be stopped, because it belongs to this package."""
        self.is_in_step = False  # first: a stop in the next line would lose the outcome of the call
        if stacks.running_call[stacks.HAS_PRINTED]:
            stacks.write_out()
        self.stack.token = self.stack.origin = stacks.running_token[0] = 0

    # ------------------------------------------------------------------------------- waits while the loop continues

    def run_meanwhile(self, wait: Callable[[], Any]) -> Any:
        """Waits within a step on a separate stack, while another stack drives the loop."""
        call, token = self.call, self.stack.token
        own = stacks.Stack(token, self.stack.generation)
        if self._waiting_driver is None:
            self.start()
        else:
            self._wake_driver()
        self.leave_step()
        stacks.running, stacks.running_token[0] = own, token
        try:
            return wait()
        finally:
            own.token = 0  # not stoppable until it continues the step
            if call is not None and own.is_cancelled:
                call.is_cancelled = True
            self._come_back()
            stacks.running = self.stack
            self.call = call
            self._steps += 1
            self.is_in_step = True
            self.stack.token = self.stack.origin = stacks.running_token[0] = token

    def _come_back(self) -> None:
        if self.is_closed():
            bridge.stay()
        event = bridge.new_event()
        self.call_soon_threadsafe(self._hand_over, event)
        bridge.wait_event(event)

    def _hand_over(self, event: int) -> None:
        self.leave_step()
        mine = self._waiting_driver = bridge.new_event()
        bridge.set_event(event)
        bridge.wait_event(mine)

    def _wake_driver(self) -> None:
        event, self._waiting_driver = self._waiting_driver, None
        assert event is not None
        bridge.set_event(event)

    # ------------------------------------------------------------------------------------------- steps that block

    def will_wait(self) -> None:
        """Has the wait of a step woken after a second, so that its place can be reported."""
        if self._watched_step != self._steps:
            self._watched_step = self._steps
            self._see_step()
            host.waits.signal_after(self.stack.token, blocking.NAMED_AFTER_S * 1000)

    def check_step(self, frame: Any, is_overdue: bool) -> bool:
        """Reports a step that takes too long, and raises DeadlineExceeded if it has to stop.

        Returns whether the step should yield so that messages of the host can be received.
        """
        since_s = time.monotonic() - self._see_step()
        if since_s >= _STOPPED_AFTER_S:
            self._stop_step(frame, is_overdue)
        if since_s >= blocking.NAMED_AFTER_S:
            self._name_step(frame, since_s)
        return since_s >= _STOPPED_AFTER_S

    def _stop_step(self, frame: Any, is_overdue: bool) -> None:
        """Stops a step that is overdue, or that has no time limit itself and prevents the stop of another call."""
        reason = "timed out during a computation (timeout)"
        if not is_overdue:
            held_up = next(iter(self.stopping.values()), None)
            if held_up is None or self.stack.token in self.open_tokens:
                return
            reason = blocking.reason_to_stop(held_up)
            if not self._stops_of_step:
                host.engine.notice(blocking.stop_notice(self.who(), frame, reason))
        self._stops_of_step += 1
        self._seen_at = time.monotonic()  # the time until the next stop starts again
        raise DeadlineExceeded(reason)

    def is_deaf(self) -> bool:
        """Returns whether the running step continues after many stops."""
        return self._seen_step == self._steps and self._stops_of_step >= _DEAF_AFTER

    def _see_step(self) -> float:
        """Returns since when the step is known to run. Reading the clock for each step would cost too much."""
        if self._seen_step != self._steps:
            self._seen_step, self._seen_at, self._stops_of_step = self._steps, time.monotonic(), 0
        return self._seen_at

    def _name_step(self, frame: Any, since_s: float) -> None:
        notice = self._blocking.notice(self.who(), frame, since_s)
        if notice is not None:
            host.engine.notice(notice)
