"""Strands and loops, on which waiting bodies of tasks run.

A task with a handle runs on a strand, which is a thread, so that other tasks run while it is in `defer_until`. Only one
of all threads runs at a time: the run resumes a strand and waits until it parks or ends. The order of events is
therefore always the same. All other bodies run on the thread of the test.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Coroutine, Optional

from .._border import bridge, calls


class Abandoned(BaseException):
    """Ends a strand whose run was abandoned."""


class Strand:
    """Thread that runs only between `resume` and the next `park`."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._go_on = threading.Semaphore(0)
        self._is_parked = threading.Semaphore(0)
        self._error: Optional[BaseException] = None
        self._is_abandoned = False
        self.is_over = False
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), daemon=True, name="cloaca task")
        self._thread.start()

    def resume(self) -> None:
        """Runs the strand until it parks or ends. Raises the exception of its function."""
        self._go_on.release()
        self._is_parked.acquire()
        if self.is_over:
            self._thread.join()
            if self._error is not None:
                raise self._error

    def park(self) -> None:
        """Waits to be resumed. Called on the strand."""
        self._is_parked.release()
        # In the engine, an async body parks in the loop of its script, which continues to run other code.
        bridge.meanwhile(self._go_on.acquire)
        if self._is_abandoned:
            raise Abandoned

    def abandon(self) -> None:
        """Ends the strand at its `park`."""
        self._is_abandoned = True
        if not self.is_over:
            self._go_on.release()
            self._thread.join()

    def _run(self) -> None:
        self._go_on.acquire()
        try:
            if not self._is_abandoned:
                self._function()
        except Abandoned:
            pass
        except BaseException as error:
            self._error = error
        finally:
            self.is_over = True
            self._is_parked.release()


class Loop:
    """Awaits the results of async bodies, one after the other, in one event loop that lasts as long as the run.

    In the engine, this is the loop of the script, as in a real run.
    """

    def __init__(self) -> None:
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Returns the result of a coroutine."""
        if bridge.has_engine():
            return calls.wait_for(coroutine)
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        loop = self._loop
        return _beside_running_loop(lambda: loop.run_until_complete(coroutine))

    def close(self) -> None:
        """Cancels the tasks that bodies have left in the loop."""
        loop, self._loop = self._loop, None
        if loop is not None:
            _beside_running_loop(lambda: _wind_up(loop))


def _beside_running_loop(function: Callable[[], Any]) -> Any:
    """Calls a function that runs a loop. If this thread has one, as in an async test, it uses another thread."""
    if asyncio._get_running_loop() is None:
        return function()
    with ThreadPoolExecutor(1, "cloaca loop") as pool:
        return pool.submit(contextvars.copy_context().run, function).result()


def _wind_up(loop: asyncio.AbstractEventLoop) -> None:
    try:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
