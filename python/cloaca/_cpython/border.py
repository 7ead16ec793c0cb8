"""Implements ``_border.host`` in a process of CPython. The parts are twins of those in ``python-border.ts``."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Protocol

from .output.speaker import Speaker


class Session(Protocol):
    """Part of the session with the engine that is needed here."""

    announce: Callable[[], None]
    not_started: Callable[[int], None]
    notice: Callable[[str], None]

    def ended(self, token: int, outcome: Any) -> None:
        """Reports the end of a poll or an attempt."""
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

    def outcome(self, token: int, *outcome: Any) -> None:
        """Reports how a poll or an attempt has ended."""
        self._session.ended(token, outcome)

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

    def log_record(self, call: int, record_json: str) -> None:
        """Adds a record of ``logging`` to the log of a call."""
        self._speaker.put(self._speaker.log, call, record_json)
