"""Event loop of a script, independent of what drives it: its steps and its end.

It is the standard library's loop. A *step* is the code that runs between two ``await`` expressions, or a callback.
Running a step for its call, and continuing while a step waits, differ between stacks (``_engine.script_loop``) and
threads (``_cpython.calls.script_loop``).
"""

from __future__ import annotations

import asyncio
import weakref
from asyncio import events
from typing import Any, Callable, Dict, Optional, Set

from .._border.calls import Call
from . import open_ends

#: Maximum time that cancelled tasks have to clean up at the end.
ENDS_WITHIN_S = 1.5

run_handle = events.Handle._run

_StandardLoop: Any = asyncio.SelectorEventLoop


class Left(BaseException):
    """Ends the driver of a loop that another stack or thread drives now."""


class _Step(events.Handle):
    __slots__ = ()

    def _run(self) -> None:
        self._loop.run_step(self)  # type: ignore[attr-defined]


class _TimedStep(events.TimerHandle):
    __slots__ = ()

    def _run(self) -> None:
        self._loop.run_step(self)  # type: ignore[attr-defined]


class ScriptLoopBase(_StandardLoop):  # type: ignore[misc]
    """Loop of one generation of a script. ``end`` is called when the script ends.

    A subclass adds ``start``, which drives the loop until ``_is_over`` and then closes it, ``wait_for_end``,
    ``run_step``, which is called with the handle of each step, and ``run_meanwhile``.
    """

    #: Whether the CancelledError of a cancelled task has the reason as its message.
    tells_why = False

    def __init__(self) -> None:
        super().__init__()
        self.is_in_step = False
        #: Call whose step runs or ran last, or None if the step belongs to no call.
        self.call: Optional[Call] = None
        #: Called before the loop may wait.
        self.before_wait: Callable[[], None] = lambda: None
        #: Called with the loop when it is closed.
        self.after_end: Callable[[Any], None] = lambda _: None
        #: Tokens of the calls that have not ended. A blocking step of such a call has its own time limit.
        self.open_tokens: Set[int] = set()
        self._is_ending = self._is_over = False
        self._servers: Any = weakref.WeakSet()

    def who(self) -> str:
        """Returns a description of the running step's owner, for messages."""
        call = self.call
        if call is None:
            return "a callback"
        return call.name if call.token in self.open_tokens else f"a background task of {call.name}"

    # ------------------------------------------------------------------------------------------------------ its end

    def end(self) -> None:
        """Cancels the remaining tasks, and closes generators and the loop, soon.

        It can be called anywhere, and repeatedly.
        """
        if not self._is_ending:
            self._is_ending = True
            self.call_soon_threadsafe(lambda: self.create_task(self._wind_up()))

    async def _wind_up(self) -> None:
        try:
            await self._end_what_is_left()
        finally:
            self._is_over = True

    async def _end_what_is_left(self) -> None:
        tasks = asyncio.all_tasks(self) - {asyncio.current_task()}
        for task in tasks:
            task.cancel("the script has ended" if self.tells_why else None)
        if tasks:
            ended, pending = await asyncio.wait(tasks, timeout=ENDS_WITHIN_S)
            self._report_ended(ended, pending)
        await self.shutdown_asyncgens()
        await open_ends.close(list(self._servers), list(getattr(self, "_transports", {}).values()))

    def _report_ended(self, ended: Set[Any], pending: Set[Any]) -> None:
        for task in ended:
            if not task.cancelled() and task.exception() is not None:
                self._report("Exception in a task that was cancelled at the end of its script", task.exception())
        for task in pending:
            task._log_destroy_pending = False
            message = f"A task did not end within {ENDS_WITHIN_S} s after it was cancelled at the end of its script"
            self.call_exception_handler({"message": message, "task": task})

    def call_exception_handler(self, context: Dict[str, Any]) -> None:
        """Reports an error.

        Complaints about unclosed objects after the end are ignored, because the loop has closed them.
        """
        if not (self.is_closed() and str(context.get("message")).startswith("Unclosed ")):
            super().call_exception_handler(context)

    def _report(self, message: str, error: Optional[BaseException]) -> None:
        self.call_exception_handler({"message": message, "exception": error})

    async def create_server(self, *args: Any, **options: Any) -> Any:
        server = await super().create_server(*args, **options)
        self._servers.add(server)
        return server

    async def create_unix_server(self, *args: Any, **options: Any) -> Any:
        server = await super().create_unix_server(*args, **options)
        self._servers.add(server)
        return server

    # ---------------------------------------------------------------------------------------------------- its steps

    def _call_soon(self, callback: Any, args: Any, context: Any) -> Any:
        handle = super()._call_soon(callback, args, context)
        handle.__class__ = _Step
        return handle

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Any = None) -> Any:
        """Like the method of any loop, but without a lock, because stacks take turns with the loop."""
        self._check_closed()
        handle = self._call_soon(callback, args, context)
        self._write_to_self()
        return handle

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:
        """Like the method of any loop."""
        handle = super().call_at(when, callback, *args, context=context)
        handle.__class__ = _TimedStep
        return handle

    def _add_callback(self, handle: Any) -> None:
        if type(handle) is events.Handle:  # callback of a file that is ready, or of a signal
            handle.__class__ = _Step
        super()._add_callback(handle)
