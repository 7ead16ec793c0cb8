"""Messages between a program and the engine that it has started.

They are those of any process of CPython, but the main thread, the standard streams and the exit belong to the program.
Polls and tasks run on threads, and nothing here outlives the engine.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Callable, Dict, List, Tuple

from ..._border import bridge, host
from ..._engine.packages import advice
from ..border import OutputBorder
from ..calls import limits, threads, waits
from ..calls.waits import Stop
from ..channel import lines
from ..session import Session
from . import output

#: Types of messages that request calls.
_CALLS = frozenset({"polls", "task", "events", "graphs"})

_is_adapted = False


class ProgramSession(Session):
    """Messages to and from one engine.

    ``start`` is its first message, and ``begun`` is called when it may send requests.
    """

    def __init__(self, to_engine: lines.Lines, start: Dict[str, Any], begun: Callable[[], None]) -> None:
        self._begun = begun
        #: Reason why the engine no longer answers.
        self._loss = ""
        #: The engine's number of the program, or 0 before it has one.
        self._token = 0
        super().__init__(to_engine, start)

    def begin(self) -> None:
        """Reports that the engine may send requests from now on."""
        self._speaker.say({"type": "ready", "isFromSnapshot": False, "notice": None})

    def say_ended(self) -> None:
        """Cancels the event loops, and reports the end of the program. The program sends no request afterwards."""
        self._async.end_all()
        self._speaker.say({"type": "programEnded", "token": self._token, "exitCode": 0})

    def lose(self, reason: str) -> None:
        """Ends all waiting calls with this reason, and stops the calls that the engine requested."""
        self._loss = reason
        for number in list(self._replies):
            self._settle(number, _lost(reason))
        stop = Stop("the engine is gone", True)
        for thread in self._entries.threads():
            if thread.token > 0:
                self._entries.stop(thread.token, stop)
        self._async.abandon(stop)
        self.close()

    def close(self) -> None:
        """Ends the threads that do not work for the program."""
        self._entries.close()
        self._speaker.put(sys.exit)  # its thread ends
        output.reset()

    def _watch_resources(self, ceilings: Dict[str, Any]) -> None:
        """Does nothing: the engine does not limit the memory of a program."""

    def _connect(self) -> None:
        global _is_adapted
        if not _is_adapted:
            from ..._logs import logging_module

            threads.connect()
            waits.replace_sleep(limits.begin_sleep, limits.end_sleep)
            waits.replace_waiters(limits.waiter_of_caller)
            logging_module.prepare()
            _is_adapted = True
        advice.is_wanted = False
        output.note(self._speaker.printed)
        bridge.connect_threads(self._ask, self._send_declarations)
        host.connect_process(self._border, OutputBorder(self._speaker))  # type: ignore[arg-type]

    def _ask(self, origin: int, generation: int, method: str, payload_json: str, text: str) -> Tuple[str, str, Any]:
        if self._loss:
            return _lost(self._loss)
        return super()._ask(origin, generation, method, payload_json, text)

    def receive(self, message: Dict[str, Any]) -> None:
        """Handles a message. Called by the thread that reads messages."""
        if message["type"] in _CALLS:
            output.calls_begin(len(message["tokens"]) if message["type"] == "polls" else 1)
        super().receive(message)

    def _say_skipped(self, tokens: List[int]) -> None:
        output.calls_end(len(tokens))
        super()._say_skipped(tokens)

    def outcome(self, token: int, outcome: Dict[str, Any]) -> None:
        """Sends the outcome of a poll or an attempt."""
        output.calls_end(1)
        super().outcome(token, outcome)

    def not_started(self, token: int) -> None:
        """Reports that a call was too late to be started."""
        output.calls_end(1)
        super().not_started(token)

    def answered(self, token: int, message: Dict[str, Any]) -> None:
        """Sends the results of events or graphs."""
        output.calls_end(1)
        super().answered(token, message)

    def _on_program(self, message: Dict[str, Any]) -> None:
        self._token = message["token"]
        self._begun()

    def _on_finish(self, message: Dict[str, Any]) -> None:
        self._speaker.finish(lambda: self._lines.send({"type": "finished", "token": message["token"]}))


def _lost(reason: str) -> Tuple[str, str, str]:
    return ("error", json.dumps({"type": "RuntimeError", "message": reason}), "")
