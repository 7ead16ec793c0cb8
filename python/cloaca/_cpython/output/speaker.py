"""Sends the messages of this process: outcomes, calls and logs, in the order of submission, from one thread.

A thread that can be stopped at any moment only adds to a queue, which is one step. So no message is ever incomplete,
and no lock stays locked. This thread masks texts, completes lines, and writes messages.
"""

from __future__ import annotations

import queue
import time
from typing import Any, Callable, Dict, List, Optional, Set, Tuple, Union

from ..._border import fault
from ..calls import threads
from ..channel import helpers
from ..channel.frames import FrameError
from ..channel.lines import Lines
from .call_log import CallLog, Piece, records_message
from .diverted import DivertedDescriptors
from .masks import PROCESS, SecretMasks
from .outlet import RETRY_S, Outlet
from .sent import SentOutput, SentStream

#: Seconds between two messages with logs of attempts, and after a large one, so that other messages are sent too.
_SEND_EVERY_S, _SEND_MUCH_EVERY_S = 0.02, 0.2
_MUCH_BYTES = 65_536
#: Duration of a poll from which its log is sent before its end.
_POLL_UNSENT_S = 0.2
#: Maximum number of bytes that are queued. Code that prints more has to wait.
_MAX_PENDING_BYTES = 8_388_608
_MAX_LABELS = 2_000
#: Time for which submissions are collected before they are sent.
_TURN_S = 0.005
#: Maximum number of outcomes in one message.
_MAX_OUTCOMES = 1_000

_sleep = time.sleep


class Speaker:
    """Thread that sends all submissions in their order."""

    def __init__(self, lines: Lines, limits: Dict[str, Any], is_program: bool, output: str) -> None:
        self._lines = lines
        self._limits = limits
        self._queue: Any = queue.SimpleQueue()
        self._pending_bytes = 0
        self._masks = SecretMasks()
        self._attempts: Set[int] = set()
        self._logs: Dict[int, CallLog] = {}
        self._ended: List[Tuple[int, Piece]] = []
        self._next_at = 0.0
        self._labels: Dict[int, str] = {}
        self._prefixes = output == "prefixed"
        self._sends_output = output in ("sent", "sentWithRecords")
        #: Whether the engine receives records of ``logging`` as data, and not the text that handlers print.
        self.sends_records = output == "sentWithRecords"
        self._not_started: List[int] = []
        self._skipped: List[int] = []
        self._tokens: List[int] = []
        self._outcomes: List[Dict[str, Any]] = []
        self._flush: Callable[[], None] = lambda: None
        self._outlets: Dict[str, Union[Outlet, SentStream]] = {}
        if self._sends_output:
            sent = SentOutput(lines.send)
            self._outlets = {name: SentStream(sent, name) for name in ("stdout", "stderr")}
        elif not is_program:
            for name, number in (("stdout", 1), ("stderr", 2)):
                self._outlets[name] = Outlet(number, self._notice, self._label_of)
        self._diverted: Optional[DivertedDescriptors] = None
        #: Functions by type of message that handle a message that is too large.
        self.failed_calls: Dict[str, Callable[[Dict[str, Any], FrameError], None]] = {}
        helpers.start(self._speak)

    # --------------------------------------------------------------------------------------------------- what goes in

    def put(self, what: Callable[..., None], *arguments: Any) -> None:
        """Makes the thread call a method of this class, or another function."""
        self._queue.put((what, arguments))

    def say(self, message: Dict[str, Any]) -> None:
        """Sends a message after all earlier submissions."""
        self._queue.put((self._send, (message,)))

    def printed(self, token: int, stream: str, data: bytes, is_logged: bool) -> None:
        """Takes output of a call. The caller waits while too much output is queued."""
        if self._diverted is not None:
            self._diverted.drain()
        self._pending_bytes += len(data)
        shown_for = threads.printing_token() if self._sends_output else token
        self._queue.put((self._print, (token, shown_for, stream, data, is_logged, int(time.time() * 1000))))
        while self._pending_bytes > _MAX_PENDING_BYTES:
            _sleep(0.001)

    def divert(self) -> None:
        """Also masks the output of children and native code to descriptors. Called before a secret is passed on."""
        if self._outlets and self._diverted is None:

            def take(stream: str, data: bytes) -> None:
                self.put(self._print_diverted, stream, data)

            self._diverted = DivertedDescriptors(self._outlets, take)

    def attempt_begins(self, token: int, execution_id: str, task_id: str) -> None:
        """Registers the start of an attempt."""
        self._attempts.add(token)
        self._masks.attempt_begins(token, execution_id, task_id)
        if self._prefixes:
            shown = "".join(each if each.isprintable() else "?" for each in task_id)
            self._labels[token] = f"[{execution_id[:8]} {shown}] "
            if len(self._labels) > _MAX_LABELS:
                self._labels.pop(next(iter(self._labels)))

    def add_secret(self, token: int, fields: Dict[str, str]) -> None:
        """Registers a secret that an attempt is about to receive."""
        self._masks.add(token, fields)

    def log(self, token: int, record: str) -> None:
        """Adds a record of ``logging``, as JSON."""
        masks = self._masks.of(token)
        self._log_of(token).log(record if masks is None else masks.in_json(record))

    def show_record(self, token: int, record: str) -> None:
        """Sends a record of ``logging`` as output."""
        for outlet in self._outlets.values():
            outlet.check()
        masks = self._masks.of(token)
        text = record if masks is None else masks.in_json(record)
        self._lines.send({"type": "logged", "token": token, "recordJson": text})

    def skipped(self, tokens: List[int]) -> None:
        """Reports skipped polls."""
        for token in tokens if self._logs else ():
            if self._limits["keepsSkips"]:
                self._end_log(token)
            else:
                self._logs.pop(token, None)
        if self._outlets:
            for token in tokens:
                self._end_output(token)
        self._skipped += tokens

    def not_started(self, token: int) -> None:
        """Reports that a call was too late to be started."""
        self._end_output(token)
        self._end_log(token)
        self._not_started.append(token)

    def ended(self, token: int, outcome: Dict[str, Any]) -> None:
        """Reports how a poll or an attempt has ended."""
        masks = self._masks.of(token)
        self._end_output(token)
        if masks is not None and "error" in outcome:
            error = outcome["error"]
            for part in ("type", "message", "traceback"):
                error[part] = masks.in_text(error[part])
        if "error" in outcome:
            error = outcome["error"]
            error["message"], error["traceback"] = fault.bounded(error["message"], error["traceback"])
        if masks is not None and outcome["kind"] == "completed":
            warning = self._masks.warning(token, outcome["contextText"] or "")
            if warning is not None:
                self._notice(warning)
        if outcome["kind"] == "skipped" and not self._limits["keepsSkips"]:
            self._logs.pop(token, None)
        else:
            self._end_log(token)
        self._tokens.append(token)
        self._outcomes.append(outcome)
        if len(self._tokens) >= _MAX_OUTCOMES:
            self._say_outcomes()

    def declared(self, generation: int, declarations_json: str) -> None:
        """Reports the declarations of a script."""
        self._send({"type": "declared", "generation": generation, "declarationsJson": declarations_json})

    def answered(self, token: int, message: Dict[str, Any]) -> None:
        """Reports the results of events or graphs."""
        self._end_output(token)
        self._end_log(token)
        self._send_logs()
        self._send(message)

    def finish(self, then: Callable[[], None]) -> None:
        """Writes and sends everything before the process ends. The thread then calls ``then``."""
        if self._diverted is not None:
            self._diverted.drain()
        self._queue.put((self._finish, (then,)))

    # --------------------------------------------------------------------------------------------------------- messages

    def _speak(self) -> None:
        while True:
            try:
                what, arguments = self._queue.get(timeout=self._pause_s())
            except queue.Empty:
                self._check()
                continue
            what(*arguments)
            until = time.monotonic() + _TURN_S
            while not self._queue.empty() and time.monotonic() < until:
                what, arguments = self._queue.get()
                what(*arguments)
            self._say_outcomes()
            if self._logs or self._outlets:
                self._check()

    def _pause_s(self) -> float:
        is_behind = any(outlet.is_behind for outlet in self._outlets.values())
        return RETRY_S if self._logs or is_behind else 60.0

    def _send(self, message: Dict[str, Any]) -> None:
        self._say_outcomes()
        try:
            self._lines.send(message)
        except FrameError as error:
            self._too_large(message, error)

    def _say_outcomes(self) -> None:
        if self._not_started:
            # Before the outcomes, so that the engine sends these again before requests that follow from the outcomes.
            not_started, self._not_started = self._not_started, []
            self._lines.send({"type": "notStarted", "tokens": not_started})
        skipped, tokens, outcomes = self._skipped, self._tokens, self._outcomes
        if not skipped and not tokens:
            return
        self._skipped, self._tokens, self._outcomes = [], [], []
        self._send_logs()
        try:
            self._lines.send({"type": "outcomes", "skipped": skipped, "tokens": tokens, "outcomes": outcomes})
        except FrameError:
            # All of them together are too large, or one of them is, and then fails.
            self._lines.send({"type": "outcomes", "skipped": skipped, "tokens": [], "outcomes": []})
            for token, outcome in zip(tokens, outcomes):
                self._say_outcome(token, outcome)

    def _say_outcome(self, token: int, outcome: Dict[str, Any]) -> None:
        try:
            self._lines.send({"type": "outcomes", "skipped": [], "tokens": [token], "outcomes": [outcome]})
        except FrameError as error:
            fault = {"type": "OverflowError", "message": str(error), "traceback": ""}
            outcome = {"kind": "failed", "error": fault}
            self._lines.send({"type": "outcomes", "skipped": [], "tokens": [token], "outcomes": [outcome]})

    def _too_large(self, message: Dict[str, Any], error: FrameError) -> None:
        """Handles a message that is too large: answers it here if a caller waits for it, else logs it."""
        failed = self.failed_calls.get(message.get("type", ""))
        if failed is not None:
            failed(message, error)
        else:
            self._notice(f'{error} The type of the message is "{message.get("type")}".')

    def _notice(self, text: str) -> None:
        self._lines.send({"type": "notice", "message": text})

    # ----------------------------------------------------------------------------------------------------------- output

    def _print(self, token: int, shown_for: int, stream: str, data: bytes, is_logged: bool, at: int) -> None:
        self._pending_bytes -= len(data)
        shown = self._masks.take(token, stream, data)
        self._show(shown_for, stream, shown)
        if token and not is_logged:
            self._log_of(token).print(stream, shown, at)

    def _print_diverted(self, stream: str, data: bytes) -> None:
        """Shows output from a descriptor. Without data, no output has arrived for some time."""
        if data:
            self._show(0, stream, self._masks.take(PROCESS, stream, data))
        else:
            for name, held in self._masks.end(PROCESS):
                self._show(0, name, held)

    def _show(self, token: int, stream: str, data: bytes) -> None:
        outlet = self._outlets.get(stream)
        if outlet is not None and data:
            outlet.print(token, data)

    def _end_output(self, token: int) -> None:
        for stream, data in self._masks.end(token):
            self._show(token, stream, data)
            self._log_of(token).print(stream, data, int(time.time() * 1000))
        for outlet in self._outlets.values():
            outlet.ended(token)

    def _label_of(self, token: int) -> str:
        return self._labels.get(token, "")

    def _log_of(self, token: int) -> CallLog:
        log = self._logs.get(token)
        if log is None:
            limit = self._limits["attemptBytes" if token in self._attempts else "pollBytes"]
            log = self._logs[token] = CallLog(limit)
        return log

    def _end_log(self, token: int) -> None:
        self._attempts.discard(token)
        log = self._logs.pop(token, None)
        if log is not None:
            self._ended += [(token, piece) for piece in log.take(True, int(time.time() * 1000))]

    def _send_logs(self) -> None:
        message = records_message(self._ended)
        if message is not None:
            self._ended = []
            self._next_at = time.monotonic() + (
                _SEND_MUCH_EVERY_S if len(message["text"]) > _MUCH_BYTES else _SEND_EVERY_S
            )
            self._lines.send(message)

    def _check(self) -> None:
        """Sends logs of running calls, and writes output that could not be written before."""
        for outlet in self._outlets.values():
            outlet.check()
        now = time.monotonic()
        if not self._logs or now < self._next_at:
            return
        for token, log in list(self._logs.items()):
            if log.since is None:
                continue
            is_attempt = token in self._attempts
            if not is_attempt and now - log.since < _POLL_UNSENT_S:
                continue
            self._ended += [(token, piece) for piece in log.take(False, int(time.time() * 1000))]
            if not is_attempt and log.is_empty:
                self._logs.pop(token)  # the end of a thread that its call left behind is not reported
        self._send_logs()

    def _finish(self, then: Callable[[], None]) -> None:
        self._say_outcomes()
        for token in list(self._logs):
            self._end_output(token)
            self._end_log(token)
        for outlet in self._outlets.values():
            outlet.drain()
        self._send_logs()
        then()
