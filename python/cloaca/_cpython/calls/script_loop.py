"""The event loop of a script: all its async triggers and tasks run in it side by side, as long as the script is loaded.

It is the standard library's loop on a thread of its own. A *step*, what runs from one ``await`` to the next, bears the
number of the call whose context it has, so that limits and output are about that call.

A step that blocks keeps the others waiting, as in any loop of asyncio. A wait of cloaca's own (``runner.execute``,
``handle.defer_until``) does not: what such a step waits for may have to run in this very loop. It keeps its thread, and
another one drives the loop meanwhile; when the answer is there the two change places until the step has ended::

    thread A   step -- run_meanwhile: waits ----------- the answer ---- rest of the step -- ends
    thread B            drives the loop ................ _hand_over: waits ................ drives on
"""

from __future__ import annotations

import _thread
import asyncio
import sys
import threading
import weakref
from asyncio import events
from typing import Any, Callable, List, Optional, Set

from ..._border.bridge import DeadlineExceeded
from ..._border.calls import Call
from ..._border.calls import running as running_call
from ..._border.cancelled import Cancelled
from ..._border.generation import Generation
from ..._border.stacks import Stack
from ..._engine import open_ends
from . import threads
from .limits import CallThread

#: What is cancelled at the end may take so long to clean up.
_ENDS_WITHIN_S = 1.5

_run_handle = events.Handle._run
_tasks: Any = asyncio.tasks
_StandardLoop: Any = asyncio.SelectorEventLoop


class _Left(BaseException):
    """Ends a thread that has driven a loop which another one drives by now."""


class _Step(events.Handle):
    __slots__ = ()

    def _run(self) -> None:
        self._loop.run_step(self)  # type: ignore[attr-defined]


class _TimedStep(events.TimerHandle):
    __slots__ = ()

    def _run(self) -> None:
        self._loop.run_step(self)  # type: ignore[attr-defined]


class ScriptLoop(_StandardLoop):  # type: ignore[misc]
    """The loop of one generation of a script. ``start`` is called once, ``end`` when the script ends."""

    def __init__(self, generation: Generation) -> None:
        super().__init__()
        self.generation = generation
        self.is_in_step = False
        self.call: Optional[Call] = None
        #: The thread that drives it.
        self.driver: Optional[CallThread] = None
        #: Called before it may wait.
        self.before_wait: Callable[[], None] = lambda: None
        #: Called when it is closed.
        self.after_end: Callable[[], None] = lambda: None
        #: The tokens of the calls that have not ended.
        self.open_tokens: Set[int] = set()
        #: Threads that wait within a step, while another one drives.
        self.aside: List[CallThread] = []
        self.steps = 0
        self._waiting_driver: Any = None
        self._is_ending = self._is_over = False
        self._ended = threading.Event()
        self._servers: Any = weakref.WeakSet()

    # ------------------------------------------------------------------------------------------------ from elsewhere

    def start(self) -> None:
        """Has a thread drive the loop. Raises RuntimeError when there can be no more threads."""
        threading.Thread(target=self._drive, name="cloaca event loop", daemon=True).start()

    def end(self) -> None:
        """Cancels what is left, closes generators and the loop, soon; to be called from anywhere, twice too."""
        if not self._is_ending:
            self._is_ending = True
            self.call_soon_threadsafe(lambda: self.create_task(self._wind_up()))

    def wait_for_end(self, timeout_s: float) -> bool:
        """Waits until the loop is closed; False when the time is over before."""
        return self._ended.wait(timeout_s)

    async def create_server(self, *args: Any, **options: Any) -> Any:
        server = await super().create_server(*args, **options)
        self._servers.add(server)
        return server

    async def create_unix_server(self, *args: Any, **options: Any) -> Any:
        server = await super().create_unix_server(*args, **options)
        self._servers.add(server)
        return server

    # ----------------------------------------------------------------------------------------------------- the driver

    def _drive(self) -> None:
        me = CallThread(is_main=False)
        threads.enter(self._stack_of(0))
        sys.set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)
        self._take_over(me)
        while not self._is_over:
            try:
                self.before_wait()
                self._run_once()
            except _Left:
                self._wake_driver()
                return
            except (DeadlineExceeded, Cancelled):
                continue  # it came too late for the step that it was meant for
            except BaseException as error:
                self._report("Exception in the event loop of a script", error)
        self._let_go()
        self.close()
        self.after_end()
        self._ended.set()

    def _take_over(self, driver: CallThread) -> None:
        self.driver = driver
        self._thread_id: Optional[int] = driver.ident
        events._set_running_loop(self)

    def _let_go(self) -> None:
        events._set_running_loop(None)
        self._thread_id = None
        self.driver = None

    def _stack_of(self, token: int) -> Stack:
        stack = Stack(token, self.generation)
        stack.loop = self
        return stack

    async def _wind_up(self) -> None:
        try:
            tasks = asyncio.all_tasks(self) - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            if tasks:
                ended, pending = await asyncio.wait(tasks, timeout=_ENDS_WITHIN_S)
                self._report_ended(ended, pending)
            await self.shutdown_asyncgens()
            await open_ends.close(list(self._servers), list(getattr(self, "_transports", {}).values()))
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

    def call_exception_handler(self, context: Any) -> None:
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
        """Like that of any loop."""
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
        """Runs a step in the name of its call, which may be stopped in it."""
        driver, call = self.driver, handle._context.get(running_call)
        assert driver is not None
        self.call = call
        self.steps += 1
        # What is nobody's any more is stopped, too, where it keeps others from stopping.
        token = -self.steps if call is None or call.token not in self.open_tokens else call.token
        self.is_in_step = True
        driver.enter(token, self._stack_of(0 if call is None else call.token))
        try:
            _run_handle(handle)
        except (SystemExit, KeyboardInterrupt) as error:
            self._report(f"{type(error).__name__} in a task of its own or a callback", error)
        finally:
            self.is_in_step = False
            driver.leave()
        if self._waiting_driver is not None:
            raise _Left

    @property
    def step_token(self) -> int:
        """By which the step that runs can be stopped; 0 for none."""
        driver = self.driver
        return 0 if driver is None else driver.token

    # ------------------------------------------------------------------------------- waits during which it goes on

    def run_meanwhile(self, wait: Callable[[], Any]) -> Any:
        """Makes a wait within a step, while another thread drives the loop."""
        me, call, task = self.driver, self.call, asyncio.current_task(self)
        assert me is not None
        token, number = me.token, 0 if call is None else call.token
        if task is not None:
            _tasks._leave_task(self, task)
        self.is_in_step = False
        self._let_go()
        me.leave()
        self.aside.append(me)
        if self._waiting_driver is None:
            self.start()
        else:
            self._wake_driver()
        # As far as this wait is concerned, the thread is one that has no loop.
        me.enter(token, Stack(number, self.generation))
        try:
            return wait()
        finally:
            me.leave()  # nothing stops it until it is back
            self.aside.remove(me)
            self._come_back(me, task)
            self.call = call
            self.steps += 1
            self.is_in_step = True
            me.enter(token, self._stack_of(number))

    def _come_back(self, me: CallThread, task: Any) -> None:
        ready = _thread.allocate_lock()
        ready.acquire()
        self.call_soon_threadsafe(self._hand_over, ready)
        ready.acquire()
        self._take_over(me)
        if task is not None:
            _tasks._enter_task(self, task)

    def _hand_over(self, ready: Any) -> None:
        """A step of the driver: the thread that has waited ends its own one first."""
        me, task = self.driver, asyncio.current_task(self)
        assert me is not None and task is None
        self.is_in_step = False
        self._let_go()
        mine = self._waiting_driver = _thread.allocate_lock()
        mine.acquire()
        ready.release()
        mine.acquire()
        self._take_over(me)
        self.is_in_step = True

    def _wake_driver(self) -> None:
        waiting, self._waiting_driver = self._waiting_driver, None
        if waiting is not None:
            waiting.release()
