"""Outcomes of polls and attempts: one class for each kind, which reports itself to the engine.

The twin of ``Outcome`` in ``src/border/protocol.ts``, with the same kinds. None stands for a missing value.
"""

from __future__ import annotations

import json
from typing import List, Optional, Tuple, Union

from . import fault
from .host import Engine
from .stops import DeadlineExceeded


class Skipped:
    """The trigger skipped, with a reason or without (`SKIPPED`)."""

    __slots__ = ("reason",)
    kind = "skipped"

    def __init__(self, reason: Optional[str]) -> None:
        self.reason = reason

    def report(self, engine: Engine, token: int) -> None:
        """Reports to the engine that the trigger skipped."""
        engine.skipped_because(token, self.reason)


class Fired:
    """The trigger fired, with a context or without."""

    __slots__ = ("context_text",)
    kind = "fired"

    def __init__(self, context_text: Optional[str]) -> None:
        self.context_text = context_text

    def report(self, engine: Engine, token: int) -> None:
        """Reports to the engine that the trigger fired."""
        engine.fired(token, self.context_text)


class Polled:
    """The poll returned a list or a key, or changed the state of its trigger. `Fired` and `Skipped` are other polls.

    ``firings`` has the text of the context, or None, and the key, or None, of each firing. It is empty for a skip.
    If the state did not change, or the trigger takes none, ``state_text`` has no text: None.
    """

    __slots__ = ("reason", "firings", "is_list", "state_text")

    def __init__(
        self,
        reason: Optional[str],
        firings: List[Tuple[Optional[str], Optional[str]]],
        is_list: bool,
        state_text: Optional[str],
    ) -> None:
        self.reason = reason
        self.firings = firings
        self.is_list = is_list
        self.state_text = state_text

    @property
    def kind(self) -> str:
        """Kind of the poll: "fired" or "skipped"."""
        return "fired" if self.firings else "skipped"

    def report(self, engine: Engine, token: int) -> None:
        """Reports to the engine how the poll ended."""
        texts = [text for text, _ in self.firings if text is not None]
        sizes = json.dumps([-1 if text is None else units(text) for text, _ in self.firings])
        keys = json.dumps([key for _, key in self.firings])
        engine.polled(token, "".join(texts), sizes, keys, self.reason, self.is_list, self.state_text)


class Completed:
    """The attempt completed. ``context_text``: None if the output equals the input."""

    __slots__ = ("context_text",)
    kind = "completed"

    def __init__(self, context_text: Optional[str]) -> None:
        self.context_text = context_text

    def report(self, engine: Engine, token: int) -> None:
        """Reports to the engine that the attempt completed."""
        engine.completed(token, self.context_text)


class Failed:
    """The poll or attempt failed. ``kind`` is "failed", or "timedOut" if its time limit stopped it.

    An attempt of the kind "parked" ended with the exception `Parked`.

    ``traceback`` is empty for an error that no code of the user raised.
    """

    __slots__ = ("kind", "type", "message", "traceback")

    def __init__(self, kind: str, type: str, message: str, traceback: str = "") -> None:
        self.kind = kind
        self.type = type
        self.message = message
        self.traceback = traceback

    def report(self, engine: Engine, token: int) -> None:
        """Reports the error to the engine."""
        error = {"type": self.type, "message": self.message, "traceback": self.traceback}
        engine.failed(token, self.kind, json.dumps(error))


class TriedLater:
    """The attempt ended with `TryLater`. ``limit``: name of the limit to close for the delay, or None."""

    __slots__ = ("delay_ms", "limit")
    kind = "tryLater"

    def __init__(self, delay_ms: int, limit: Optional[str]) -> None:
        self.delay_ms = delay_ms
        self.limit = limit

    def report(self, engine: Engine, token: int) -> None:
        """Reports to the engine that the task begins again after the delay."""
        engine.tried_later(token, self.delay_ms, self.limit)


Outcome = Union[Skipped, Fired, Polled, Completed, Failed, TriedLater]

#: Outcome of most polls. Their tokens are reported together, without calling ``report``.
SKIPPED = Skipped(None)


def units(text: str) -> int:
    """Returns the length of a text in JavaScript, in which characters above U+FFFF have a length of two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def stopped(error: BaseException) -> Failed:
    """Returns the outcome of a call that was stopped from outside: overdue, cancelled, or interrupted."""
    kind = "timedOut" if isinstance(error, DeadlineExceeded) else "failed"
    name, text = fault.type_and_text(error)
    return Failed(kind, name, text, fault.traceback_of_stop(error))
