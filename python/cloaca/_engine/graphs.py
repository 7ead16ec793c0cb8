"""Runs the graphs of a reactor with the payloads of its firings. ``workers`` calls it for a message."""

from __future__ import annotations

import json
import reprlib
import time
from typing import Any, Dict, List, Optional, Sequence, Tuple, cast

from .._border import bridge, fault
from .._border.generation import Generation
from .._border.host import Engine
from .._border.outcome import Failed
from .._declarations.declaration import GraphDeclaration
from .._graphs.invocation import contexts_of
from .._graphs.plan import ABSENT, GraphFailed, Routed
from .._values.convert import copy_of, json_text, stored
from . import flat_values
from .flat_values import Fault, Value

#: Maximum number of characters of a value that users see: as JSON, and as ``repr`` if it is not JSON or is large.
_LONGEST_SHOWN, _LONGEST_REPR = 1_000, 200
_MAX_ITEMS = 200


class GraphRuns:
    """One message: graphs and payloads. Each graph runs with each payload."""

    __slots__ = ("_names", "_text", "_values", "_nodes", "_shown", "_count")

    def __init__(self, names_json: str, payloads_text: Any) -> None:
        self._names: List[str] = json.loads(names_json)
        self._text = payloads_text
        #: Results of the runs that have ended, payload by payload. The current run is the next one.
        self._values: List[Value] = []
        #: For the newest payload, the values of the nodes by graph.
        self._nodes: Dict[str, Tuple[GraphDeclaration, Sequence[Any]]] = {}
        self._shown = "{}"
        self._count = 0

    def begin(self, generation: Optional[Generation]) -> GraphRuns:
        """Runs the graphs. A stop from outside is re-raised, and then `stopped` is called."""
        payloads = json.loads(bridge.text_of(self._text))
        self._text = None
        self._count = len(payloads) * len(self._names)
        until, characters = time.monotonic() + flat_values.MAX_BATCH_S, 0
        graphs = [None if generation is None else generation.graphs.get(name) for name in self._names]
        last = len(graphs) - 1
        for payload in payloads:
            for index, graph in enumerate(graphs):
                # Each graph gets its own copy, and the last one gets the original.
                value = self._run(self._names[index], graph, payload if index == last else copy_of(payload))
                self._values.append(value)
                characters += len(value) if isinstance(value, str) else 0
            if time.monotonic() > until or characters > flat_values.MAX_CHARACTERS:
                break
        # Computed within the time limit, because it can call functions of the user.
        self._shown = _shown(self._nodes)
        return self

    def _run(self, name: str, graph: Optional[GraphDeclaration], payload: Dict[str, Any]) -> Value:
        if graph is None:
            return Fault("failed", "LookupError", f"graph '{name}' is no longer declared in this process")
        plan, values = graph.plan, cast(Sequence[Any], ())
        try:
            # A graph without a reactor runs here only on request. The payload is in its context.
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

    def stopped(self, outcome: Failed) -> GraphRuns:
        """Returns the answer after a stop from outside. The current run is the one that was stopped."""
        if self._count == 0 or len(self._values) < self._count:
            name = self._names[len(self._values) % len(self._names)] if self._names else ""
            self._values.append(flat_values.stopped(f"graph '{name}' was stopped", outcome))
        return self

    def report(self, engine: Engine, token: int) -> None:
        """Sends the results of the runs."""
        engine.graphs_ran(token, *flat_values.packed(self._values), self._shown)


def _shown(nodes: Dict[str, Tuple[GraphDeclaration, Sequence[Any]]]) -> str:
    """Returns the values of the nodes by graph, as JSON for users."""
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
        if _is_small(value, _MAX_ITEMS) >= 0:
            text = json_text(stored(value))
            return text if len(text) <= _LONGEST_SHOWN else json.dumps(text[: _LONGEST_SHOWN - 1] + "…")
    except Exception:
        pass  # the value is not JSON
    try:
        return json.dumps(_brief.repr(value)[:_LONGEST_REPR])
    except Exception as error:
        return json.dumps(f"<{type(value).__name__}, whose repr raises {type(error).__name__}>")


def _is_small(value: Any, items_left: int) -> int:
    """Returns how many of ``items_left`` remain after the items of the value. A negative number: it has more."""
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
