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
import os
import sys
import time
import weakref
from asyncio import events
from typing import Any, Callable, Dict, List, Optional, Set

from .._border import bridge, fault, host, stacks
from .._border.calls import Call
from .._border.calls import running as running_call
from .._border.generation import Generation
from . import open_ends

#: A step that takes longer is named, for each call at most once a minute.
_NAMED_AFTER_S, _NAMED_AGAIN_AFTER_S = 1.0, 60.0
#: A step that began later than this before its call is stopped is told by ``CancelledError`` alone.
_STOPPED_AFTER_S = 0.1
#: A step that was stopped so often does not listen.
_DEAF_AFTER = 10
#: What is cancelled at the end may take so long to clean up.
_ENDS_WITHIN_S = 1.5
_PAUSE_AFTER_ERROR_MS = 100

_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep

_run_handle = events.Handle._run

_Task: Any = asyncio.Task
_StandardLoop: Any = asyncio.SelectorEventLoop

#: Stacks that shall drive a loop, until the host has entered them.
unstarted: Dict[int, Callable[[], None]] = {}


class _Left(BaseException):
    """Ends a stack that has driven a loop which another one drives by now."""


class _Step(events.Handle):
    __slots__ = ()

    def _run(self) -> None:
        self._loop.run_step(self)  # type: ignore[attr-defined]


class _TimedStep(events.TimerHandle):
    __slots__ = ()

    def _run(self) -> None:
        self._loop.run_step(self)  # type: ignore[attr-defined]


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


class ScriptLoop(_StandardLoop):  # type: ignore[misc]
    """The loop of one generation of a script. ``start`` is called once, ``end`` when the script ends."""

    def __init__(self, generation: Generation) -> None:
        super().__init__()
        self.stack = _LoopStack(0, generation)
        self.stack.loop = self
        self.is_in_step = False
        #: Called before the loop may wait.
        self.before_wait: Callable[[], None] = lambda: None
        #: Called when it is closed.
        self.after_end: Callable[[], None] = lambda: None
        #: The tokens of the calls that have not ended: what blocks for one of them has a time limit of its own.
        self.open_tokens: Set[int] = set()
        #: The calls among them that shall stop and have not yet: no other step may keep them from it.
        self.stopping: Dict[int, Call] = {}
        self._no_call = -self.stack.ident - 1  # no other stack has it, and nothing of the host's
        self.call: Optional[Call] = None
        self._steps = 0
        self._seen_step, self._seen_at = 0, 0.0
        self._watched_step = 0
        self._stops_of_step = 0
        self._named_at: Dict[str, float] = {}
        #: What the stack waits for that drives the loop, while a step goes on that had waited on another.
        self._waiting_driver: Optional[int] = None
        self._is_admitting = False
        self._is_ending = self._is_over = False
        self._end_waiters: List[int] = []
        self._servers: Any = weakref.WeakSet()

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

    def end(self) -> None:
        """Cancels what is left, closes generators and the loop, soon; to be called from anywhere, twice too."""
        if not self._is_ending:
            self._is_ending = True
            self.call_soon_threadsafe(lambda: self.create_task(self._wind_up()))

    async def create_server(self, *args: Any, **options: Any) -> Any:
        server = await super().create_server(*args, **options)
        self._servers.add(server)
        return server

    async def create_unix_server(self, *args: Any, **options: Any) -> Any:
        server = await super().create_unix_server(*args, **options)
        self._servers.add(server)
        return server

    def wait_for_end(self, timeout_ms: float) -> bool:
        """Waits until the loop is closed; False when the time is over before."""
        if self.is_closed():
            return True
        event = bridge.new_event()
        self._end_waiters.append(event)
        return bridge.wait_event(event, timeout_ms)

    # ------------------------------------------------------------------------------------------- the driving stack

    def _drive(self) -> None:
        events._set_running_loop(self)
        sys.set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)
        self._thread_id: Optional[int] = self.stack.ident
        while not self._is_over:
            try:
                self.before_wait()
                self._run_once()
            except _Left:
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
        self.after_end()
        for event in self._end_waiters:
            bridge.set_event(event)
        stacks.end(self.stack)

    async def _wind_up(self) -> None:
        try:
            tasks = asyncio.all_tasks(self) - {asyncio.current_task()}
            for task in tasks:
                task.cancel("the script has ended")
            if tasks:
                ended, pending = await asyncio.wait(tasks, timeout=_ENDS_WITHIN_S)
                self._report_ended(ended, pending)
            await self.shutdown_asyncgens()
            await open_ends.close(list(self._servers), list(self._transports.values()))
            await self.shutdown_default_executor(timeout=_ENDS_WITHIN_S)
        finally:
            self._is_over = True

    def _report_ended(self, ended: Set[Any], pending: Set[Any]) -> None:
        for task in ended:
            if not task.cancelled() and task.exception() is not None:
                self._report("Exception in a task that was cancelled at the end of its script", task.exception())
        for task in pending:
            task._log_destroy_pending = False
            message = f"A task did not end with its script, within {_ENDS_WITHIN_S} s after it was cancelled"
            self.call_exception_handler({"message": message, "task": task})

    def call_exception_handler(self, context: Dict[str, Any]) -> None:
        """Reports what went wrong. What complains after the end that nobody closed it was closed with the loop."""
        if not (self.is_closed() and str(context.get("message")).startswith("Unclosed ")):
            super().call_exception_handler(context)

    def _report(self, message: str, error: Optional[BaseException]) -> None:
        self.call_exception_handler({"message": message, "exception": error})

    # ------------------------------------------------------------------------------------------------------- steps

    def _call_soon(self, callback: Any, args: Any, context: Any) -> Any:
        handle = super()._call_soon(callback, args, context)
        handle.__class__ = _Step
        return handle

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Any = None) -> Any:
        """Like that of any loop; what takes turns with it needs no lock."""
        self._check_closed()
        handle = self._call_soon(callback, args, context)
        self._write_to_self()
        return handle

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:
        """Like that of any loop."""
        handle = super().call_at(when, callback, *args, context=context)
        handle.__class__ = _TimedStep
        return handle

    def _add_callback(self, handle: Any) -> None:
        if type(handle) is events.Handle:  # of a file that is ready, or a signal
            handle.__class__ = _Step
        super()._add_callback(handle)

    def run_step(self, handle: Any) -> None:
        """Runs a step in the name of its call."""
        stack, call = self.stack, handle._context.get(running_call)
        self.call = call
        self._steps += 1
        self.is_in_step = True
        stack.token = stack.origin = stacks.running_token[0] = self._no_call if call is None else call.token
        try:
            _run_handle(handle)
        except (SystemExit, KeyboardInterrupt) as error:
            self._report(f"{self._who()} raised {type(error).__name__} in a task of its own or a callback", error)
        finally:
            self.leave_step()
        if self._waiting_driver is not None:
            raise _Left

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
            host.waits.signal_after(self.stack.token, _NAMED_AFTER_S * 1000)

    def check_step(self, frame: Any, is_overdue: bool) -> bool:
        """Names a step that has taken too long, and raises DeadlineExceeded where it has to be stopped.

        Returns whether it should give way: the host may have to be heard, and nobody else asks for that.
        """
        since_s = time.monotonic() - self._see_step()
        if since_s >= _STOPPED_AFTER_S:
            self._stop_step(frame, is_overdue)
        if since_s >= _NAMED_AFTER_S:
            self._name_step(frame, since_s)
        return since_s >= _STOPPED_AFTER_S

    def _stop_step(self, frame: Any, is_overdue: bool) -> None:
        """Stops a step whose time is over, or which has no limit itself and keeps a call from stopping."""
        reason = "timed out: stopped while it was computing (timeout)"
        if not is_overdue:
            held_up = next(iter(self.stopping.values()), None)
            if held_up is None or self.stack.token in self.open_tokens:
                return
            reason = f"stopped: it kept {held_up.name} from stopping ({held_up.stop_reason})"
            if not self._stops_of_step:
                who = self._who()
                host.engine.notice(f"{who[0].upper()}{who[1:]}{_place_of(frame)}, was {reason}")
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
        who, now = self._who(), time.monotonic()
        if now - self._named_at.get(who, -_NAMED_AGAIN_AFTER_S) < _NAMED_AGAIN_AFTER_S:
            return
        self._named_at[who] = now
        host.engine.notice(
            f"{who[0].upper()}{who[1:]} blocks the event loop of its script{_place_of(frame)}, for {since_s:.0f} s so "
            "far: the script's other async triggers and tasks wait until it awaits something or ends. "
            "asyncio.to_thread() calls a function that blocks without that."
        )

    def _who(self) -> str:
        if self.call is None:
            return "a callback"
        is_open = self.call.token in self.open_tokens
        return self.call.name if is_open else f"a background task of {self.call.name}"


def _place_of(frame: Any) -> str:
    """Where in the user's files it is: the innermost of them."""
    while frame is not None:
        file = frame.f_code.co_filename
        if not fault.is_ours(file) and not file.startswith(("<", _STANDARD_LIBRARY)) and "site-packages" not in file:
            return f" in {file}, line {frame.f_lineno}, {frame.f_code.co_name}"
        frame = frame.f_back
    return ""
