"""Runs the graphs of a reactor with the payloads of its firings. Called by ``workers`` for a message."""

from __future__ import annotations

import json
import reprlib
import time
from typing import Any, Dict, List, Optional, Sequence, Tuple, cast

from .._border import bridge, fault, host
from .._border.generation import Generation
from .._declarations.declaration import GraphDeclaration
from .._graphs.invocation import contexts_of
from .._graphs.plan import ABSENT, GraphFailed, Routed
from .._values.convert import copy_of, json_text, stored
from . import flat_values
from .flat_values import Fault, Stopped, Value

#: Of a value that people look at: characters, and of what is not JSON or large; and what is not large.
_LONGEST_SHOWN, _LONGEST_REPR = 1_000, 200
_MOST_ITEMS = 200


class GraphRuns:
    """One message: graphs, each to be run with each payload."""

    __slots__ = ("_names", "_text", "_values", "_nodes", "_shown", "_count")

    def __init__(self, names_json: str, payloads_text: Any) -> None:
        self._names: List[str] = json.loads(names_json)
        self._text = payloads_text
        #: What each run that has ended came to, payload by payload. The run in hand is the next one.
        self._values: List[Value] = []
        #: Of the newest payload: for each graph the values of its nodes.
        self._nodes: Dict[str, Tuple[GraphDeclaration, Sequence[Any]]] = {}
        self._shown = "{}"
        self._count = 0

    def begin(self, generation: Optional[Generation]) -> GraphRuns:
        """Runs them. What stops them from outside goes through; then `stopped` is called."""
        payloads = json.loads(bridge.text_of(self._text))
        self._text = None
        self._count = len(payloads) * len(self._names)
        until, characters = time.monotonic() + flat_values.MOST_S, 0
        graphs = [None if generation is None else generation.graphs.get(name) for name in self._names]
        last = len(graphs) - 1
        for payload in payloads:
            for index, graph in enumerate(graphs):
                # The last one may keep it; nobody's edits reach another.
                value = self._run(self._names[index], graph, payload if index == last else copy_of(payload))
                self._values.append(value)
                characters += len(value) if isinstance(value, str) else 0
            if time.monotonic() > until or characters > flat_values.MOST_CHARACTERS:
                break
        # Here, where it has a time limit: it may call functions of the user's.
        self._shown = _shown(self._nodes)
        return self

    def _run(self, name: str, graph: Optional[GraphDeclaration], payload: Dict[str, Any]) -> Value:
        if graph is None:
            return Fault("failed", "LookupError", f"graph '{name}' is not declared in this process any more")
        plan, values = graph.plan, cast(Sequence[Any], ())
        try:
            # A graph without a reactor is run here by hand only: its context has the payload.
            given = plan.given_of(payload) if graph.reactor is not None else contexts_of(plan, json_text(payload))
            values = plan.run(given)
            outputs = plan.outputs(values)
            if not outputs or outputs[-1][1] is None:
                return None
            return flat_values.checked(f"graph '{name}'", json_text(outputs[-1][1]))
        except GraphFailed as error:
            values = error.values
            return _fault_of(name, error)
        finally:
            self._nodes[name] = (graph, values)

    def stopped(self, outcome: Stopped) -> GraphRuns:
        """The answer after the runs were stopped from outside: the one in hand is the one that was stopped."""
        if self._count == 0 or len(self._values) < self._count:
            name = self._names[len(self._values) % len(self._names)] if self._names else ""
            self._values.append(flat_values.stopped(f"graph '{name}' was stopped", outcome))
        return self

    def report(self, token: int) -> None:
        """Sends what came of the runs."""
        host.engine.graphs_ran(token, *flat_values.packed(self._values), self._shown)


def _shown(nodes: Dict[str, Tuple[GraphDeclaration, Sequence[Any]]]) -> str:
    """By graph and node, what the nodes returned, as JSON for people to look at."""
    graphs = []
    for name, (graph, values) in nodes.items():
        pairs = zip(graph.plan.names, values)
        shown = [f"{json.dumps(node)}:{_shown_value(value)}" for node, value in pairs if value is not ABSENT]
        graphs.append(f"{json.dumps(name)}:{{{','.join(shown)}}}")
    return f"{{{','.join(graphs)}}}"


def _shown_value(value: Any) -> str:
    if type(value) is Routed:
        value = (value.variant, value.payload)
    try:
        if _is_small(value, _MOST_ITEMS) >= 0:
            text = json_text(stored(value))
            return text if len(text) <= _LONGEST_SHOWN else json.dumps(text[: _LONGEST_SHOWN - 1] + "…")
    except Exception:
        pass  # it is not JSON
    try:
        return json.dumps(_brief.repr(value)[:_LONGEST_REPR])
    except Exception as error:
        return json.dumps(f"<{type(value).__name__}, whose repr raises {type(error).__name__}>")


def _is_small(value: Any, items_left: int) -> int:
    """How many of the items are left after those of the value; below 0: it has more."""
    if type(value) is dict:
        value = value.values()
    elif type(value) not in (list, tuple, set, frozenset):
        return items_left - 1
    items_left -= len(value) + 1
    for item in value:
        if items_left < 0:
            break
        items_left = min(items_left, _is_small(item, items_left))
    return items_left


_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = _LONGEST_REPR


def _fault_of(name: str, error: GraphFailed) -> Fault:
    cause = error.__cause__
    if cause is None:
        return Fault("failed", "ValueError", f"graph '{name}' failed: {error}")
    return Fault("failed", type(cause).__name__, f"graph '{name}' failed: {error}", fault.traceback_text(cause))
