"""Event loop of a script. All its async triggers and tasks run in it concurrently while the script is loaded.

It is the standard library's loop on its own thread. A *step* is the code that runs between two ``await`` expressions.
It has the number of the call in whose context it runs, so that limits and output apply to that call.

A step that blocks delays the others, as in any asyncio loop. A wait of cloaca itself (``runner.execute``,
``handle.defer_until``) does not block, because its result may depend on this loop. The waiting step keeps its thread,
and another thread drives the loop during the wait. When the answer arrives, the threads switch until the step ends::

    thread A   step -- run_meanwhile: waits ----------- the answer ---- rest of the step -- ends
    thread B            drives the loop ................ _hand_over: waits ................ drives on
"""

from __future__ import annotations

import _thread
import asyncio
import sys
import threading
from asyncio import events
from typing import Any, Callable, List, Optional

from ..._border.calls import running as running_call
from ..._border.generation import Generation
from ..._border.stacks import Stack
from ..._border.stops import Cancelled, DeadlineExceeded
from ..._loops.base import Left, ScriptLoopBase, run_handle
from . import threads
from .limits import CallThread

_tasks: Any = asyncio.tasks


class ScriptLoop(ScriptLoopBase):
    """Loop of one generation of a script. ``start`` is called once, and ``end`` when the script ends."""

    def __init__(self, generation: Generation) -> None:
        super().__init__()
        self.generation = generation
        #: Thread that drives the loop.
        self.driver: Optional[CallThread] = None
        #: Threads that wait within a step, while another one drives the loop.
        self.aside: List[CallThread] = []
        self.steps = 0
        self._waiting_driver: Any = None
        self._ended = threading.Event()

    # ------------------------------------------------------------------------------------------------ from elsewhere

    def start(self) -> None:
        """Starts a thread that drives the loop. Raises RuntimeError if the thread cannot be started."""
        threading.Thread(target=self._drive, name="cloaca event loop", daemon=True).start()

    def wait_for_end(self, timeout_s: float) -> bool:
        """Waits until the loop is closed. Returns False if the time is over first."""
        return self._ended.wait(timeout_s)

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
            except Left:
                self._wake_driver()
                return
            except (DeadlineExceeded, Cancelled):
                continue  # the stop was too late for its step
            except BaseException as error:
                self._report("Exception in the event loop of a script", error)
        self._let_go()
        self.close()
        self.after_end(self)
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

    # ------------------------------------------------------------------------------------------------------- steps

    def run_step(self, handle: Any) -> None:
        """Runs a step for its call, which can be stopped during the step."""
        driver, call = self.driver, handle._context.get(running_call)
        assert driver is not None
        self.call = call
        self.steps += 1
        # A step without a call can also be stopped, if it delays the stop of other calls.
        token = -self.steps if call is None or call.token not in self.open_tokens else call.token
        self.is_in_step = True
        driver.enter(token, self._stack_of(0 if call is None else call.token))
        try:
            run_handle(handle)
        except (SystemExit, KeyboardInterrupt) as error:
            self._report(f"{type(error).__name__} in a background task or a callback", error)
        finally:
            self.is_in_step = False
            driver.leave()
        if self._waiting_driver is not None:
            raise Left

    @property
    def step_token(self) -> int:
        """Number by which the running step can be stopped, or 0."""
        driver = self.driver
        return 0 if driver is None else driver.token

    # ------------------------------------------------------------------------------- waits while the loop continues

    def run_meanwhile(self, wait: Callable[[], Any]) -> Any:
        """Waits within a step, while another thread drives the loop."""
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
        # For this wait, the thread has no loop.
        me.enter(token, Stack(number, self.generation))
        try:
            return wait()
        finally:
            me.leave()  # not stoppable until it continues the step
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
        """Step of the driver that lets the thread that waited end its own step first."""
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
