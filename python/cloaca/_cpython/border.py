"""Implements ``_border.host`` in a process of CPython. The parts are twins of those in ``python-border.ts``."""

from __future__ import annotations

import json
from typing import Any, Dict, Optional, Protocol

from .calls import threads
from .output.speaker import Speaker


class Session(Protocol):
    """Part of the session with the engine that is needed here."""

    def announce(self) -> None:
        """Schedules the sending of declarations."""
        ...

    def not_started(self, token: int) -> None:
        """Reports that a call was too late to be started."""
        ...

    def notice(self, message: str) -> None:
        """Sends one line for the log."""
        ...

    def outcome(self, token: int, outcome: Dict[str, Any]) -> None:
        """Sends the outcome of a poll or an attempt."""
        ...

    def answered(self, token: int, message: Dict[str, Any]) -> None:
        """Sends the results of events or graphs."""
        ...


class EngineBorder:
    """Implements ``_border.host.engine`` in a process of CPython."""

    def __init__(self, session: Session) -> None:
        self.announce = session.announce
        self.not_started = session.not_started
        self.notice = session.notice
        self._session = session

    def skipped_because(self, token: int, reason: Optional[str]) -> None:
        """Reports a poll that skipped with a reason."""
        self._session.outcome(token, {"kind": "skipped", "reason": reason})

    def fired(self, token: int, context_text: Optional[str]) -> None:
        """Reports a poll that fired."""
        self._session.outcome(token, {"kind": "fired", "contextText": context_text})

    def polled(
        self,
        token: int,
        text: str,
        sizes_json: str,
        keys_json: str,
        reason: Optional[str],
        is_list: bool,
        state_text: Optional[str],
    ) -> None:
        """Reports a poll with a list, a key or a changed state."""
        sizes, keys = json.loads(sizes_json), json.loads(keys_json)
        outcome = {"kind": "polled", "reason": reason, "text": text, "sizes": sizes, "keys": keys, "isList": is_list}
        self._session.outcome(token, {**outcome, "stateText": state_text})

    def completed(self, token: int, context_text: Optional[str]) -> None:
        """Reports an attempt that completed."""
        self._session.outcome(token, {"kind": "completed", "contextText": context_text})

    def failed(self, token: int, kind: str, error_json: str) -> None:
        """Reports a poll or an attempt that failed, or was stopped by its time limit."""
        self._session.outcome(token, {"kind": kind, "error": json.loads(error_json)})

    def tried_later(self, token: int, delay_ms: int, limit: Optional[str]) -> None:
        """Reports an attempt that ended with `TryLater`."""
        self._session.outcome(token, {"kind": "tryLater", "delayMs": delay_ms, "limit": limit})

    def accumulated(self, token: int, text: str, sizes_json: str, errors_json: str) -> None:
        """Reports the return values of a source's function."""
        sizes, errors = json.loads(sizes_json), json.loads(errors_json)
        message = {"type": "accumulated", "token": token, "text": text, "sizes": sizes, "errors": errors}
        self._session.answered(token, message)

    def graphs_ran(self, token: int, text: str, sizes_json: str, errors_json: str, nodes_json: str) -> None:
        """Reports the results of graphs."""
        sizes, errors = json.loads(sizes_json), json.loads(errors_json)
        message = {"type": "graphsRan", "token": token, "text": text, "sizes": sizes, "errors": errors}
        self._session.answered(token, {**message, "nodesJson": nodes_json})


class OutputBorder:
    """Implements ``_border.host.output`` in a process of CPython."""

    is_program = False

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self.sends_records = speaker.sends_records

    def log_record(self, call: int, record_json: str) -> None:
        """Adds a record of ``logging`` to the log of a call."""
        self._speaker.put(self._speaker.log, call, record_json)

    def show_record(self, record_json: str) -> None:
        """Sends a record of ``logging`` as output."""
        self._speaker.put(self._speaker.show_record, threads.printing_token(), record_json)
