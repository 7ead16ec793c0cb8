"""What ``_border.host`` is connected to in a process of CPython: twins of ``python-border.ts``, as far as they go."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Protocol

from .output.speaker import Speaker


class Session(Protocol):
    """The conversation with the engine, as far as it is needed here."""

    announce: Callable[[], None]
    not_started: Callable[[int], None]
    notice: Callable[[str], None]

    def ended(self, token: int, outcome: Any) -> None:
        """A poll or an attempt has ended."""
        ...

    def answered(self, token: int, message: Dict[str, Any]) -> None:
        """What came of events or graphs."""
        ...


class EngineBorder:
    """What ``_border.host.engine`` is in a process of CPython."""

    def __init__(self, session: Session) -> None:
        self.announce = session.announce
        self.not_started = session.not_started
        self.notice = session.notice
        self._session = session

    def outcome(self, token: int, *outcome: Any) -> None:
        """How a poll or an attempt ended."""
        self._session.ended(token, outcome)

    def accumulated(self, token: int, text: str, sizes_json: str, errors_json: str) -> None:
        """What the function of a source returned."""
        sizes, errors = json.loads(sizes_json), json.loads(errors_json)
        message = {"type": "accumulated", "token": token, "text": text, "sizes": sizes, "errors": errors}
        self._session.answered(token, message)

    def graphs_ran(self, token: int, text: str, sizes_json: str, errors_json: str, nodes_json: str) -> None:
        """What graphs came to."""
        sizes, errors = json.loads(sizes_json), json.loads(errors_json)
        message = {"type": "graphsRan", "token": token, "text": text, "sizes": sizes, "errors": errors}
        self._session.answered(token, {**message, "nodesJson": nodes_json})


class OutputBorder:
    """What ``_border.host.output`` is in a process of CPython."""

    is_program = False

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    def log_record(self, call: int, record_json: str) -> None:
        """Takes a record of ``logging`` for the log of a call."""
        self._speaker.put(self._speaker.log, call, record_json)
