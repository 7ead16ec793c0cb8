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
from asyncio import events
from typing import Any, Callable, List, Optional

from ..._border.bridge import DeadlineExceeded
from ..._border.calls import running as running_call
from ..._border.cancelled import Cancelled
from ..._border.generation import Generation
from ..._border.stacks import Stack
from ..._loops.base import Left, ScriptLoopBase, run_handle
from . import threads
from .limits import CallThread

_tasks: Any = asyncio.tasks


class ScriptLoop(ScriptLoopBase):
    """The loop of one generation of a script. ``start`` is called once, ``end`` when the script ends."""

    def __init__(self, generation: Generation) -> None:
        super().__init__()
        self.generation = generation
        #: The thread that drives it.
        self.driver: Optional[CallThread] = None
        #: Threads that wait within a step, while another one drives.
        self.aside: List[CallThread] = []
        self.steps = 0
        self._waiting_driver: Any = None
        self._ended = threading.Event()

    # ------------------------------------------------------------------------------------------------ from elsewhere

    def start(self) -> None:
        """Has a thread drive the loop. Raises RuntimeError when there can be no more threads."""
        threading.Thread(target=self._drive, name="cloaca event loop", daemon=True).start()

    def wait_for_end(self, timeout_s: float) -> bool:
        """Waits until the loop is closed; False when the time is over before."""
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
                continue  # it came too late for the step that it was meant for
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
            run_handle(handle)
        except (SystemExit, KeyboardInterrupt) as error:
            self._report(f"{type(error).__name__} in a task of its own or a callback", error)
        finally:
            self.is_in_step = False
            driver.leave()
        if self._waiting_driver is not None:
            raise Left

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
