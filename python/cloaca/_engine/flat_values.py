"""What functions of sources and graphs came to, on its way to the engine: flat, since there may be hundreds of values.

The twin of ``src/border/flat-values.ts``.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple, Union

from .._border import bridge, fault, host
from .._values.convert import json_text
from .packages import advice

#: So long a batch goes on before the engine has its answer: the rest it asks for again.
MOST_S = 0.05
#: Characters of the values of one answer; the one that goes beyond it is the last. Far below what a message may have.
MOST_CHARACTERS = 16_777_216
_LARGEST_VALUE = 134_217_728

_NONE, _RAISED, _OVERDUE = -1, -2, -3


class Fault:
    """Why a call has no value. ``kind``: "failed", or "timedOut" when it was stopped by its time limit."""

    __slots__ = ("kind", "type", "message", "traceback")

    def __init__(self, kind: str, type: str, message: str, traceback: str = "") -> None:
        self.kind = kind
        self.type = type
        self.message, self.traceback = fault.bounded(message, traceback)


#: JSON text; None for None.
Value = Union[str, None, Fault]

#: How a stack ends that is stopped from outside: see ``poll.Outcome``.
Stopped = Tuple[str, Optional[str], str, str, str]


def raised(beginning: str, error: BaseException) -> Fault:
    """What a function of the user's raised."""
    advice.attach(error)
    type_name, text = fault.type_and_text(error)
    return Fault("failed", type_name, f"{beginning}: {text}", fault.traceback_text(error))


def stopped(beginning: str, outcome: Stopped) -> Fault:
    """A call that was stopped from outside."""
    kind, _, type_name, message, traceback = outcome
    return Fault(kind, type_name, f"{beginning}: {message}", traceback)


def checked(name: str, text: str) -> Value:
    """The text of a value, or why it cannot be sent."""
    if len(text) <= _LARGEST_VALUE:
        return text
    message = f"{name} returned a value of {len(text)} characters, and {_LARGEST_VALUE} may be handed on"
    return Fault("failed", "OverflowError", message)


def report(token: int, outcome: Any) -> None:
    """Tells the engine how an entry has ended: with a ``poll.Outcome``, or with an answer that reports itself."""
    if bridge.has_declared:
        bridge.send_declarations()  # what fires may start what it has just declared
    if type(outcome) is tuple:
        host.engine.outcome(token, *outcome)
    else:
        outcome.report(token)


def packed(values: List[Value]) -> Tuple[str, str, str]:
    """The text of all values, their sizes and their errors, as the engine reads them."""
    texts = [value for value in values if type(value) is str]
    text = "".join(texts)
    # JavaScript counts a character beyond the first 65,536 as two.
    sizes = list(map(len if text.isascii() else _units, texts))
    errors: List[Dict[str, Any]] = []
    if len(texts) < len(values):
        of_texts = iter(sizes)
        sizes = [next(of_texts) if type(value) is str else _size_of_other(value, errors) for value in values]
    return text, json_text(sizes), json_text(errors)


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _size_of_other(value: Value, errors: List[Dict[str, Any]]) -> int:
    if not isinstance(value, Fault):
        return _NONE
    errors.append({"type": value.type, "message": value.message, "traceback": value.traceback})
    return _OVERDUE if value.kind == "timedOut" else _RAISED
