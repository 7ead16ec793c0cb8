"""The event loop of a script: all its async triggers and tasks run in it side by side, as long as the script is loaded.

So clients, locks and background tasks of asyncio can be kept from one poll to the next. It is the standard library's
loop (``_adapt.sockets.event_loop``) on a stack of its own. A *step*, what runs from one ``await`` to the next, bears
the number of the call whose context it has, so that limits, interrupts and messages are about that call.

A step that blocks keeps the others waiting, as in any loop of asyncio, and is named after a second. A wait of cloaca's
own (``runner.execute``, ``handle.defer_until``) does not block: what such a step waits for may have to run in this very
loop. It keeps the stack on which it was begun, another one drives the loop meanwhile, and when the answer is there the
two change places until the step has ended::

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
from .._loops import blocking
from .._loops.base import ENDS_WITHIN_S, Left, ScriptLoopBase, run_handle

#: A step that began later than this before its call is stopped is told by ``CancelledError`` alone.
_STOPPED_AFTER_S = 0.1
#: A step that was stopped so often does not listen.
_DEAF_AFTER = 10
_PAUSE_AFTER_ERROR_MS = 100

_Task: Any = asyncio.Task

#: Stacks that shall drive a loop, until the host has entered them.
unstarted: Dict[int, Callable[[], None]] = {}


class _LoopStack(stacks.Stack):
    """The stack of a loop: whether it has heard that it is cancelled is said of the call whose step runs."""

    loop: Any = None

    def _has_heard(self) -> bool:
        call = self.loop.call
        return call is None or bool(call.is_cancelled)

    def _hear(self, value: bool) -> None:
        if self.loop.call is not None:
            self.loop.call.is_cancelled = value

    is_cancelled: Any = property(_has_heard, _hear)


class ScriptLoop(ScriptLoopBase):
    """The loop of one generation of a script. ``start`` is called once, ``end`` when the script ends."""

    tells_why = True

    def __init__(self, generation: Generation) -> None:
        super().__init__()
        self.stack = _LoopStack(0, generation)
        self.stack.loop = self
        #: The calls among ``open_tokens`` that shall stop and have not yet: no other step may keep them from it.
        self.stopping: Dict[int, Call] = {}
        self._no_call = -self.stack.ident - 1  # no other stack has it, and nothing of the host's
        self._steps = 0
        self._seen_step, self._seen_at = 0, 0.0
        self._watched_step = 0
        self._stops_of_step = 0
        self._blocking = blocking.BlockingNotices()
        #: What the stack waits for that drives the loop, while a step goes on that had waited on another.
        self._waiting_driver: Optional[int] = None
        self._is_admitting = False
        self._end_waiters: List[int] = []

    # ------------------------------------------------------------------------------------------------ what goes in

    def start(self) -> None:
        """Begins on a stack of its own. Raises RuntimeError when there are as many stacks as there may be."""
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
        """Makes a task, from any stack."""
        self._is_admitting = True
        try:
            return _Task(coroutine, loop=self, context=context)
        finally:
            self._is_admitting = False

    def _check_thread(self) -> None:
        if not self._is_admitting:
            super()._check_thread()

    def wait_for_end(self, timeout_s: float) -> bool:
        """Waits until the loop is closed; False when the time is over before."""
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
            except bridge.DeadlineExceeded:
                continue  # it came too late for the step that it was meant for
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
        """Runs a step in the name of its call."""
        stack, call = self.stack, handle._context.get(running_call)
        self.call = call
        self._steps += 1
        self.is_in_step = True
        stack.token = stack.origin = stacks.running_token[0] = self._no_call if call is None else call.token
        try:
            run_handle(handle)
        except (SystemExit, KeyboardInterrupt) as error:
            self._report(f"{self.who()} raised {type(error).__name__} in a task of its own or a callback", error)
        finally:
            self.leave_step()
        if self._waiting_driver is not None:
            raise Left

    def leave_step(self) -> None:
        """Nothing is stopped from here on: what there is to do is ours."""
        if stacks.running_call[stacks.HAS_PRINTED]:
            stacks.write_out()
        self.is_in_step = False
        self.stack.token = self.stack.origin = stacks.running_token[0] = 0

    # ------------------------------------------------------------------------------- waits during which it goes on

    def run_meanwhile(self, wait: Callable[[], Any]) -> Any:
        """Makes a wait within a step on a stack of its own, while another stack drives the loop."""
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
            own.token = 0  # nothing stops it until it is back
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
        """Has the wait of a step woken after a second, so that it can say where it is."""
        if self._watched_step != self._steps:
            self._watched_step = self._steps
            self._see_step()
            host.waits.signal_after(self.stack.token, blocking.NAMED_AFTER_S * 1000)

    def check_step(self, frame: Any, is_overdue: bool) -> bool:
        """Names a step that has taken too long, and raises DeadlineExceeded where it has to be stopped.

        Returns whether it should give way: the host may have to be heard, and nobody else asks for that.
        """
        since_s = time.monotonic() - self._see_step()
        if since_s >= _STOPPED_AFTER_S:
            self._stop_step(frame, is_overdue)
        if since_s >= blocking.NAMED_AFTER_S:
            self._name_step(frame, since_s)
        return since_s >= _STOPPED_AFTER_S

    def _stop_step(self, frame: Any, is_overdue: bool) -> None:
        """Stops a step whose time is over, or which has no limit itself and keeps a call from stopping."""
        reason = "timed out: stopped while it was computing (timeout)"
        if not is_overdue:
            held_up = next(iter(self.stopping.values()), None)
            if held_up is None or self.stack.token in self.open_tokens:
                return
            reason = blocking.reason_to_stop(held_up)
            if not self._stops_of_step:
                host.engine.notice(blocking.stop_notice(self.who(), frame, reason))
        self._stops_of_step += 1
        self._seen_at = time.monotonic()  # it has as long again to end
        raise bridge.DeadlineExceeded(reason)

    def is_deaf(self) -> bool:
        """Whether the step that runs goes on, however often it was stopped."""
        return self._seen_step == self._steps and self._stops_of_step >= _DEAF_AFTER

    def _see_step(self) -> float:
        """Since when it is known that the step runs: reading the clock for each would cost too much."""
        if self._seen_step != self._steps:
            self._seen_step, self._seen_at, self._stops_of_step = self._steps, time.monotonic(), 0
        return self._seen_at

    def _name_step(self, frame: Any, since_s: float) -> None:
        notice = self._blocking.notice(self.who(), frame, since_s)
        if notice is not None:
            host.engine.notice(notice)
