"""Signals and approvals of a test, for the nodes that wait for them."""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple, TypedDict, Union

from .._declarations.declaration import TaskDeclaration
from .._values import arguments
from .._values.convert import stored
from ._clock import FakeClock
from ._fakes import nearest


class _NamedSignal(TypedDict):
    name: str


class GivenSignal(_NamedSignal, total=False):
    """Signal of a test. Default: an empty key, and None as the payload."""

    key: str
    payload: object


class _Decision(TypedDict):
    approved: bool


class GivenAnswer(_Decision, total=False):
    """Answer to an approval in a test. Default: no values and no note."""

    values: Mapping[str, object]
    note: Optional[str]


#: Answers by node id. A bool is an answer without values and note.
GivenAnswers = Mapping[str, Union[bool, GivenAnswer]]


@dataclass
class _Signal:
    name: str
    key: str
    payload: object

    def __str__(self) -> str:
        return f"'{self.name}' with key '{self.key}'" if self.key else f"'{self.name}'"


class Events:
    """Events of one run. Each signal ends one wait, the first signals first."""

    def __init__(
        self,
        signals: Optional[Sequence[GivenSignal]],
        approvals: Optional[GivenAnswers],
        tasks: Tuple[TaskDeclaration, ...],
        workflow: str,
    ) -> None:
        listed = [] if signals is None else arguments.items(signals, "signals")
        self._unused: List[_Signal] = [_checked_signal(each, f"signals[{index}]") for index, each in enumerate(listed)]
        self._answers = _checked_answers(approvals, tasks, workflow)

    def take_signal(self, name: str, key: str) -> Optional[_Signal]:
        """Returns the first unused signal with this name and key, which is used from now on."""
        for index, signal in enumerate(self._unused):
            if (signal.name, signal.key) == (name, key):
                return self._unused.pop(index)
        return None

    def answer(self, node_id: str, clock: FakeClock) -> Optional[Dict[str, object]]:
        """Returns the answer to the approval of a node, given now, or None if the test does not answer it."""
        answer = self._answers.get(node_id)
        if answer is None:
            return None
        approved, values, note = answer
        return {"approved": approved, "values": values, "by": "test", "at": clock._now_ms, "note": note}

    def unused_text(self) -> str:
        """Returns a sentence about the signals that no node has used, or "" if there are none."""
        if not self._unused:
            return ""
        return f" The test sends other signals: {', '.join(map(str, self._unused))}."


def _checked_signal(given: object, name: str) -> _Signal:
    fields = _fields(given, name, ("name", "key", "payload"), "name")
    key = fields.get("key")
    return _Signal(
        arguments.name(fields["name"], f"{name}['name']"),
        "" if key is None else arguments.name(key, f"{name}['key']"),
        stored(fields.get("payload"), 1),
    )


def _checked_answers(
    approvals: object, tasks: Tuple[TaskDeclaration, ...], workflow: str
) -> Dict[str, Tuple[bool, Dict[str, object], Optional[str]]]:
    if approvals is None:
        return {}
    if not isinstance(approvals, AbstractMapping):
        arguments.refuse(approvals, "approvals", "dict of answers by node id")
    nodes = [task.id for task in tasks if task.wait is not None and task.wait["kind"] == "approval"]
    for node_id in approvals:
        if node_id not in nodes:
            raise ValueError(f"workflow '{workflow}' has no approval '{node_id}'. {nearest(str(node_id), nodes)}")
    return {node_id: _checked_answer(each, f"approvals[{node_id!r}]") for node_id, each in approvals.items()}


def _checked_answer(given: object, name: str) -> Tuple[bool, Dict[str, object], Optional[str]]:
    if given is True or given is False:
        return given, {}, None
    fields = _fields(given, name, ("approved", "values", "note"), "approved")
    values = fields.get("values")
    if values is not None and not isinstance(values, AbstractMapping):
        arguments.refuse(values, f"{name}['values']", "dict")
    return (
        arguments.flag(fields["approved"], f"{name}['approved']"),
        {} if values is None else stored(dict(values), 1),
        arguments.optional_text(fields.get("note"), f"{name}['note']"),
    )


def _fields(given: object, name: str, known: Tuple[str, ...], required: str) -> Dict[str, object]:
    if not isinstance(given, AbstractMapping):
        arguments.refuse(given, name, "dict")
    for key in given:
        if key not in known:
            raise ValueError(f"argument '{name}' has an unknown key {key!r}. {nearest(str(key), list(known))}")
    if required not in given:
        raise ValueError(f"argument '{name}' has no '{required}'")
    return dict(given)
