"""Decisions of the engine about nodes that wait. The engine's own code is in ``src/engine/waits``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Literal, Mapping, Optional, Protocol, Union

from .._border.outcome import Failed
from .._context import Context
from .._declarations.declaration import TaskDeclaration
from .._types.waits import ApprovalWait, SignalWait, Wait
from .._values import arguments
from .._values.convert import json_text
from .._values.key_template import parse_template
from ._clock import FakeClock, text_of
from ._daily import next_daily_ms
from ._events import Events


class TaskState(Protocol):
    """Task of a run that may be a node."""

    declaration: TaskDeclaration
    status: str
    #: Id of the waiting node before the task that did not complete, or None.
    stopped_by: Optional[str]


@dataclass(frozen=True)
class WaitEnd:
    """End of a wait."""

    status: Literal["Completed", "Failed", "Skipped"]
    output_text: Optional[str] = None
    failure: Optional[Failed] = None


@dataclass(frozen=True)
class OpenWait:
    """Wait of a node, with its end, which is known when it opens because a test gives all events first."""

    #: Delay before the end, or None if the wait never ends.
    delay_ms: Optional[int]
    end: WaitEnd
    #: The missing event, for messages.
    missing: str = ""


def stopping_node(task: TaskState, tasks: Mapping[str, TaskState]) -> Optional[str]:
    """Returns the id of a waiting node before a task, directly or through other tasks, that has not completed.

    A task with a rule of its own hides the nodes before it, unless it was skipped.
    """
    for name in task.declaration.dependencies:
        before = tasks[name]
        passes_on = not before.declaration.has_own_rule or before.status == "Skipped"
        if passes_on and before.stopped_by is not None:
            return before.stopped_by
        if before.declaration.wait is not None and before.status != "Completed":
            return name
    return None


def stopped_failure(task_id: str, node_id: str) -> Failed:
    """Returns the reason for which a task after a node was skipped."""
    return _failed(
        "WaitNotCompleted", f'Task "{task_id}" was skipped, because node "{node_id}" before it did not complete.'
    )


def opened(node_id: str, wait: Wait, input_text: str, events: Events, clock: FakeClock) -> OpenWait:
    """Opens the wait of a node."""
    if wait["kind"] == "delay":
        end = wait["end"]
        if end["kind"] == "after":
            return OpenWait(end["ms"], WaitEnd("Completed", input_text))
        at_ms = next_daily_ms(end["time"]["time"], end["time"]["timezone"], clock._now_ms)
        return OpenWait(at_ms - clock._now_ms, WaitEnd("Completed", input_text))
    if wait["kind"] == "approval":
        answer = events.answer(node_id, clock)
        if answer is not None:
            return OpenWait(0, _answered(node_id, answer, input_text))
        event = "it was not answered"
        return _unanswered(node_id, wait, input_text, event, clock, f"an answer: pass approvals={{{node_id!r}: True}}.")
    try:
        key = _filled(wait["key"], Context._from_text(input_text).to_dict())
    except ValueError as error:
        failure = _failed("WaitKeyError", f'Node "{node_id}" has no valid key: {error}.')
        return OpenWait(0, WaitEnd("Failed", None, failure))
    signal = events.take_signal(wait["signal"], key)
    if signal is not None:
        return OpenWait(0, WaitEnd("Completed", _with(input_text, node_id, signal.payload)))
    given = {"name": wait["signal"], **({"key": key} if key else {}), "payload": None}
    with_key = f" with key '{key}'" if key else ""
    missing = f"signal '{wait['signal']}'{with_key}: pass signals=[{given!r}].{events.unused_text()}"
    event = f"signal {json_text(wait['signal'])} with key {json_text(key)} was not sent"
    return _unanswered(node_id, wait, input_text, event, clock, missing)


def _answered(node_id: str, answer: Dict[str, object], input_text: str) -> WaitEnd:
    if answer["approved"]:
        return WaitEnd("Completed", _with(input_text, node_id, answer))
    note = "." if answer["note"] is None else f": {answer['note']}"
    message = f'Approval "{node_id}" was rejected by {answer["by"]}{note}'
    return WaitEnd("Failed", None, _failed("ApprovalRejected", message))


def _unanswered(
    node_id: str, wait: Union[SignalWait, ApprovalWait], input_text: str, event: str, clock: FakeClock, missing: str
) -> OpenWait:
    """Returns a wait that ends only with its timeout."""
    effect, timeout_ms = wait["onTimeout"], wait["timeoutMs"]
    if timeout_ms is None or effect == "continue":
        return OpenWait(timeout_ms, WaitEnd("Completed", _with(input_text, node_id, None)), missing)
    message = f'Node "{node_id}" timed out: {event} until {text_of(clock._now_ms + timeout_ms)}.'
    failure = _failed("WaitTimeout", message)
    return OpenWait(timeout_ms, WaitEnd("Skipped" if effect == "skip" else "Failed", None, failure), missing)


def _filled(template: str, values: Dict[str, object]) -> str:
    """Returns the text of a template with the values of a context."""
    text = ""
    for before, name in parse_template(template):
        text += before
        if name is not None:
            text += _value_text(name, values)
    size = len(text.encode(errors="surrogatepass"))
    if size > arguments.MAX_KEY_BYTES:
        raise ValueError(f"the key has {size} bytes, but at most {arguments.MAX_KEY_BYTES} are allowed")
    try:
        return arguments.name(text, "key")
    except ValueError:
        raise ValueError("the key has a character U+0000 or half of a surrogate pair") from None


def _value_text(name: str, values: Dict[str, object]) -> str:
    if name not in values:
        raise ValueError(f'its input has no value "{name}"')
    value = values[name]
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (list, dict)):
        kind = "null" if value is None else "a list" if isinstance(value, list) else "an object"
        raise ValueError(f'"{name}" is {kind}, but a key needs a string, a number, true or false')
    return json_text(value)


def _with(input_text: str, node_id: str, value: object) -> str:
    """Returns a context with one more value."""
    context = Context._from_text(input_text)
    context.update_from_dict({node_id: value})
    return context._text()


def _failed(kind: str, message: str) -> Failed:
    return Failed("failed", kind, message, "")
