"""Results of functions of sources and graphs in a flat form, since there can be hundreds of values in one message.

The twin of ``src/border/flat-values.ts``.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple, Union

from .._border import bridge, fault, host
from .._border.outcome import Failed, units
from .._values.convert import json_text
from .packages import advice

#: Maximum time of a batch before the engine gets an answer. It then requests the rest again.
MAX_BATCH_S = 0.05
#: Number of characters after which an answer ends. It is far below the maximum of a message.
MAX_CHARACTERS = 16_777_216
_MAX_VALUE = 134_217_728

_NONE, _RAISED, _OVERDUE = -1, -2, -3


class Fault:
    """Reason why a call has no value. ``kind`` is "failed", or "timedOut" if the time limit stopped the call."""

    __slots__ = ("kind", "type", "message", "traceback")

    def __init__(self, kind: str, type: str, message: str, traceback: str = "") -> None:
        self.kind = kind
        self.type = type
        self.message, self.traceback = fault.bounded(message, traceback)


#: JSON text of a value, None, or a fault.
Value = Union[str, None, Fault]


def raised(beginning: str, error: BaseException) -> Fault:
    """Returns the fault for an exception of a user's function."""
    advice.attach(error)
    type_name, text = fault.type_and_text(error)
    return Fault("failed", type_name, f"{beginning}: {text}", fault.traceback_text(error))


def stopped(beginning: str, outcome: Failed) -> Fault:
    """Returns the fault for a call that was stopped from outside."""
    return Fault(outcome.kind, outcome.type, f"{beginning}: {outcome.message}", outcome.traceback)


def checked(name: str, text: str) -> Value:
    """Returns the text of a value, or a fault if it is too large."""
    if len(text) <= _MAX_VALUE:
        return text
    message = f"{name} returned a value of {len(text)} characters, which is more than the maximum of {_MAX_VALUE}"
    return Fault("failed", "OverflowError", message)


def report(token: int, outcome: Any) -> None:
    """Reports how an entry has ended."""
    if bridge.has_declared:
        bridge.send_declarations()  # a trigger can start a workflow that it has just declared
    outcome.report(host.engine, token)


def packed(values: List[Value]) -> Tuple[str, str, str]:
    """Returns the text of all values, their sizes and their errors, in the form that the engine reads."""
    texts = [value for value in values if type(value) is str]
    text = "".join(texts)
    sizes = list(map(len if text.isascii() else units, texts))
    errors: List[Dict[str, Any]] = []
    if len(texts) < len(values):
        of_texts = iter(sizes)
        sizes = [next(of_texts) if type(value) is str else _size_of_other(value, errors) for value in values]
    return text, json_text(sizes), json_text(errors)


def _size_of_other(value: Value, errors: List[Dict[str, Any]]) -> int:
    if not isinstance(value, Fault):
        return _NONE
    errors.append({"type": value.type, "message": value.message, "traceback": value.traceback})
    return _OVERDUE if value.kind == "timedOut" else _RAISED
