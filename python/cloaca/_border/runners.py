"""Open runners of this process, for the code that ends the process or has lost the engine."""

from __future__ import annotations

import sys
from typing import Any, Dict, Optional, Tuple

from . import bridge, fault


class RunnerConnection:
    """Connection of a `DefaultRunner` to its runner in the engine."""

    __slots__ = ("_id", "_closed")

    _id: int
    #: Error that every call raises because the runner is closed, or None.
    _closed: Optional[Exception]

    def __init__(self, payload: Dict[str, object]) -> None:
        self._closed = None
        self._id = bridge.call("runner.open", payload)["runner"]
        open_runners[self._id] = self

    def shutdown(self) -> None:
        """Shuts the runner down. A second call does nothing."""
        if self._closed is not None:
            return
        self._closed = ValueError("Failed to send message to runtime thread: the runner was shut down")
        open_runners.pop(self._id, None)
        bridge.call("runner.shutdown", {"runner": self._id})

    def call(self, method: str, **payload: object) -> Any:
        """Calls the runner, and returns its answer. Raises an error if the runner is closed."""
        return self.call_with_context(method, "", **payload)[0]

    def call_with_context(self, method: str, text: str, **payload: object) -> Tuple[object, str]:
        """Like `call`, but also sends the text of a context, and returns one."""
        if self._closed is not None:
            raise type(self._closed)(*self._closed.args)
        return bridge.call_with_context(method, {"runner": self._id, **payload}, text)

    def lose(self, reason: str) -> None:
        """Marks the runner as closed, because its engine is gone."""
        self._closed = RuntimeError(reason)


#: Open runners by number.
open_runners: Dict[int, RunnerConnection] = {}


def shutdown_all() -> None:
    """Shuts down the runners that are still open. Called when the interpreter ends."""
    for runner in list(open_runners.values()):
        try:
            runner.shutdown()
        except Exception as error:
            print(f"[cloaca] shutdown failed: {fault.type_and_text(error)[1]}", file=sys.stderr)


def lose_all(reason: str) -> None:
    """Marks all runners as lost. Their calls then raise RuntimeError with this reason."""
    runners = list(open_runners.values())
    open_runners.clear()
    for runner in runners:
        runner.lose(reason)
