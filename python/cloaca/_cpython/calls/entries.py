"""Runs calls: one after the other on the main thread, and on further threads if they would have to wait for it.

A free thread takes the next queued call, the main thread first. While all threads are busy with long calls, threads are
added: one immediately if a call waits for the engine, else an increasing number every few milliseconds. So ten thousand
short polls need one thread, and a hundred sleeping tasks need a hundred.
"""

from __future__ import annotations

import _thread
import collections
import contextvars
import itertools
import math
import threading
import time
from typing import Any, Callable, Deque, Dict, List, Optional

from ..._border.calls import Awaiting
from ..._border.generation import PROGRAM, Generation
from ..._border.stacks import Stack
from ..._border.start_limit import NOT_STARTED, clock
from ..channel import helpers
from .limits import CallThread, thread_of_caller, watch_main
from .waits import Stop, Wait

#: Time without the start of a call after which another thread is added.
_ADD_AFTER_S = 0.003
#: Idle time after which a thread ends.
_IDLE_S = 10.0

_sleep = time.sleep

#: Function of a call. It returns the outcome, or None if other code reports that.
Function = Callable[[], Any]


class Call:
    """Load, attempt or batch: any call except a poll."""

    __slots__ = ("token", "generation", "function", "ended", "stack_call", "start_before")

    def __init__(
        self,
        token: int,
        generation: Optional[Generation],
        function: Function,
        ended: Callable[[Any], None],
        stack_call: int = 0,
        start_before: float = math.inf,
    ) -> None:
        self.token = token
        self.generation = generation
        self.function = function
        self.ended = ended
        self.stack_call = stack_call
        #: See ``start_limit``.
        self.start_before = start_before


class Stopped:
    """Result of a call that was stopped from outside."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


def _start_before_of(call: Any) -> float:
    start_before: float = call[2] if type(call) is tuple else call.start_before
    return start_before


class _Parked:
    """Idle thread."""

    __slots__ = ("thread", "lock")

    def __init__(self, thread: CallThread) -> None:
        self.thread = thread
        self.lock = _thread.allocate_lock()
        self.lock.acquire()


class Entries:
    """Calls of one process. ``poll`` makes a poll by its number and reports its outcome through ``poll_ended``."""

    def __init__(
        self,
        poll: Callable[..., None],
        polls_made: Callable[[CallThread], None],
        not_started: Callable[[int], None],
        most_threads: int,
    ) -> None:
        self._poll = poll
        self._polls_made = polls_made
        self._not_started = not_started
        self._most_threads = most_threads
        self._waiting: Deque[Any] = collections.deque()
        self._parked: List[_Parked] = []
        self._parked_main: List[_Parked] = []
        self._threads: Dict[int, CallThread] = {}
        self._main_jobs: Deque[Callable[[], None]] = collections.deque()
        self._taken = 0
        self._is_closed = False
        self._stops: Dict[int, Stop] = {}
        self._stopping = threading.Lock()
        self._pacer = _thread.allocate_lock()
        self._pacer.acquire()
        helpers.start(self._pace)

    # -------------------------------------------------------------------------------------------------- what goes in

    def add_polls(
        self,
        tokens: List[int],
        numbers: List[int],
        start_before: float,
        is_again: bool,
        states: Optional[List[str]] = None,
    ) -> None:
        """Queues polls by the numbers of their triggers, with the texts of the states of these triggers, if any.

        ``is_again`` puts polls first that were too late before.
        """
        polls = zip(tokens, numbers, itertools.repeat(start_before), *(() if states is None else (states,)))
        self._add(list(polls), is_again)

    def add(self, call: Call, is_again: bool = False) -> None:
        """Queues a call."""
        self._add([call], is_again)

    def _add(self, calls: List[Any], is_again: bool) -> None:
        if is_again:
            self._waiting.extendleft(reversed(calls))
        else:
            self._waiting.extend(calls)
        self._wake_one()

    def add_main(self, job: Callable[[], None]) -> None:
        """Queues a job that only the main thread can do. It runs as soon as the thread is free."""
        self._main_jobs.append(job)
        self._unpark(self._parked_main)

    def will_wait(self) -> None:
        """Lets other calls run while the calling thread's call waits for the engine."""
        if self._waiting and not self._wake_parked():
            self._start_thread()

    def _wake_one(self) -> None:
        if not self._wake_parked() or len(self._waiting) > 1:  # the first call can take long
            try:
                self._pacer.release()
            except RuntimeError:
                return  # the pacer is awake

    def _wake_parked(self) -> bool:
        return self._unpark(self._parked_main) or self._unpark(self._parked)

    @staticmethod
    def _unpark(parked: List[_Parked]) -> bool:
        try:
            each = parked.pop()
        except IndexError:
            return False
        each.lock.release()
        return True

    def close(self) -> None:
        """Drops the queued calls, prevents further calls, and ends idle threads."""
        self._is_closed = True
        self._waiting.clear()
        while self._unpark(self._parked):
            pass
        self._wake_one()

    def _pace(self) -> None:
        while True:
            self._pacer.acquire()
            if self._is_closed:
                return
            seen, step = self._taken, 1
            while self._waiting or self._has_unsaid():
                _sleep(_ADD_AFTER_S)
                if self._taken != seen:
                    seen, step = self._taken, 1
                    continue
                for thread in self.threads():
                    self._polls_made(thread)
                for _ in range(min(step, len(self._waiting))):
                    if not self._wake_parked():
                        self._start_thread()
                step *= 2

    def _has_unsaid(self) -> bool:
        """Returns whether a thread has skipped polls that it could otherwise report only after its current call."""
        return any(thread.skipped for thread in self.threads())

    def _start_thread(self) -> None:
        if len(self._threads) < self._most_threads:
            try:
                threading.Thread(target=self._serve_thread, name="cloaca calls", daemon=True).start()
            except RuntimeError:
                return  # no thread can be started; the existing ones take the queued calls

    # -------------------------------------------------------------------------------------------------- what serves

    def serve_main(self) -> None:
        """Makes calls and runs jobs on the main thread. Never returns."""
        thread = CallThread(is_main=True)
        watch_main(thread)
        self._threads[thread.ident] = thread
        while True:
            try:
                while self._main_jobs:
                    self._main_jobs.popleft()()
                self._serve(thread)
                self._park(thread, self._parked_main, -1)
            except KeyboardInterrupt:  # no call is running
                self._parked_main.clear()

    def _serve_thread(self) -> None:
        thread = CallThread(is_main=False)
        self._threads[thread.ident] = thread
        try:
            while True:
                self._serve(thread)
                if self._is_closed or not self._park(thread, self._parked, _IDLE_S):
                    return
        finally:
            self._threads.pop(thread.ident, None)

    def _park(self, thread: CallThread, parked: List[_Parked], limit_s: float) -> bool:
        """Waits until there is work. Returns False if there was none within the limit."""
        mine = _Parked(thread)
        parked.append(mine)
        if not self._waiting and not (thread.is_main and self._main_jobs) and mine.lock.acquire(True, limit_s):
            return True
        try:
            parked.remove(mine)
        except ValueError:
            return True  # another thread has just woken it
        return bool(self._waiting) or thread.is_main

    def _serve(self, thread: CallThread) -> None:
        """Makes queued calls until there are none."""
        waiting, poll = self._waiting, self._poll
        while not (thread.is_main and self._main_jobs):
            try:
                call = waiting.popleft()
            except IndexError:
                break
            self._taken += 1
            if type(call) is tuple:
                poll(thread, *call)
            else:
                self._make(thread, call)
        self._polls_made(thread)

    def _make(self, thread: CallThread, call: Call) -> None:
        stack = Stack(call.token, call.generation or PROGRAM, call=call.stack_call)
        result = self.enter(thread, call.start_before, stack, call.function)
        call.ended(result)

    def enter(
        self, thread: CallThread, start_before: float, stack: Stack, function: Callable[..., Any], *arguments: Any
    ) -> Any:
        """Calls a function on a stack. Returns its result, `Stopped`, or `NOT_STARTED`."""
        token = stack.token
        thread.enter(token, stack)
        if clock.now() >= start_before:
            thread.leave()
            return NOT_STARTED
        if token in self._stops:
            thread.leave()
            return Stopped(self._stops.pop(token).error())
        try:
            try:
                result = contextvars.Context().run(function, *arguments)
            finally:
                thread.leave()
        except BaseException as error:
            thread.leave()
            result = Stopped(error)
        # The stop of a call that has to be awaited is for the code that awaits it.
        if self._stops and type(result) is not Awaiting:
            self._stops.pop(token, None)
        if self._waiting:
            self._answer_late()
        return result

    def _answer_late(self) -> None:
        """Reports requests at the head of the queue that are too late by now.

        It is called before the outcome of the call that delayed them is reported. The engine then sends them again
        before it sends requests that follow from that outcome.
        """
        now, waiting = clock.now(), self._waiting
        try:
            while now >= _start_before_of(waiting[0]):
                call = waiting.popleft()  # possibly another call, because other threads also take calls
                if now < _start_before_of(call):
                    waiting.appendleft(call)
                    return
                self._not_started(call[0] if type(call) is tuple else call.token)
        except IndexError:
            return  # other threads have taken the rest

    # --------------------------------------------------------------------------------------------------- how it stops

    def ask(self, wait: Wait) -> Any:
        """Makes the calling thread wait for an answer, while other calls run."""
        thread = thread_of_caller()
        if thread is None or thread.token == 0:
            return wait.wait()
        self.will_wait()
        return thread.wait(wait)

    def stop(self, token: int, stop: Stop) -> None:
        """Stops a call, or prevents its start."""
        with self._stopping:
            self._stops[token] = stop
            thread = self._thread_of(token)
            if thread is not None:
                thread.tell(token, stop)

    def take_stop(self, token: int) -> Optional[Stop]:
        """Returns and deletes the stop of a call that is no longer known here."""
        return self._stops.pop(token, None)

    def stop_again(self, token: int) -> None:
        """Stops a call again if it is still running."""
        stop, thread = self._stops.get(token), self._thread_of(token)
        if stop is not None and thread is not None:
            with self._stopping:
                thread.tell(token, stop)

    def threads(self) -> List[CallThread]:
        """Returns the threads on which calls run."""
        return list(self._threads.values())

    def _thread_of(self, token: int) -> Optional[CallThread]:
        return next((thread for thread in list(self._threads.values()) if thread.token == token), None)
