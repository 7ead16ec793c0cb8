"""A graph as a flat list of steps, which is created once when its block closes, so that a run is one loop.

A run keeps one value for each node: the return value of its function, `Routed` for a routing node, or `ABSENT` for a
node that did not run. A node comes after the nodes that feed it, and otherwise the order is that of the topology.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from .._border import fault
from .._border.stops import is_stop
from .._declarations.declaration import NodeDeclaration
from .._values.convert import copy_of, stored

ABSENT: Any = object()

#: Marks a step that has several feeders, or a feeder that routes.
_SEVERAL = -2
_NONE = -1

#: Index of a node, its function, the positions of its given arguments, its only feeder, all feeders with a flag for
#: routing, and, for a routing node, the index of each variant's target.
_Step = Tuple[
    int,
    Callable[..., Any],
    Tuple[int, ...],
    int,
    Tuple[Tuple[int, bool], ...],
    Optional[Dict[str, int]],
]


class GraphFailed(Exception):
    """Raised if a run failed. A node's exception is its cause, and ``values`` are the values of the nodes before it."""

    values: Sequence[Any] = ()


class _NotRouted(Exception):
    """Raised if a routing node returned an invalid value."""


class Routed:
    """Return value of a routing node, and the index of the node that receives it, or -1."""

    __slots__ = ("variant", "payload", "target")

    def __init__(self, variant: str, payload: Any, target: int) -> None:
        self.variant = variant
        self.payload = payload
        self.target = target


class Plan:
    """Graph that can run any number of times, also concurrently in several threads."""

    __slots__ = ("names", "sources", "root_count", "_places", "_steps", "_terminals")

    #: Names of the nodes in the order of the topology.
    names: Tuple[str, ...]
    #: Sources of all nodes, without duplicates.
    sources: Tuple[str, ...]
    #: Number of nodes that receive the context of a trigger-less graph.
    root_count: int

    def __init__(
        self,
        nodes: Sequence[NodeDeclaration],
        order: Sequence[str],
        functions: Mapping[str, Callable[..., Any]],
        is_bound: bool,
    ) -> None:
        self.names = tuple(node.id for node in nodes)
        self.sources = tuple(dict.fromkeys(source for node in nodes for source in node.inputs))
        by_id = {node.id: node for node in nodes}
        index_of = {name: index for index, name in enumerate(self.names)}
        places: List[str] = []
        feeders = _feeders_of(nodes)
        # The given arguments are one list: the sources of each node one after the other, or a context for each root.
        steps: List[_Step] = []
        roots = 0
        for name in order:
            node, fed_by = by_id[name], feeders[name]
            given: Tuple[int, ...] = tuple(range(len(places), len(places) + len(node.inputs)))
            places.extend(node.inputs)
            if not is_bound and not fed_by:
                given = (roots,)
                roots += 1
            steps.append(_step(node, functions[name], given, fed_by, index_of))
        self.root_count = roots
        first_place = {source: index for index, source in reversed(list(enumerate(places)))}
        self._places = tuple((source, index > first_place[source]) for index, source in enumerate(places))
        self._steps = tuple(steps)
        self._terminals = tuple(
            index_of[name] for name in order if by_id[name].next is None and by_id[name].routes is None
        )

    def given_of(self, payload: Mapping[str, Any]) -> List[Any]:
        """Returns the arguments of the nodes from stored values by source, None for missing ones.

        Each node gets a copy.
        """
        get = payload.get
        return [copy_of(get(source)) if is_shared else get(source) for source, is_shared in self._places]

    def run(self, given: Sequence[Any]) -> List[Any]:
        """Runs the nodes, dependencies first. Returns the value of each.

        Args:
            given: Result of `given_of`, or ``root_count`` contexts.

        Raises:
            GraphFailed: A node raised an exception or returned an invalid value.
        """
        values = [ABSENT] * len(self.names)
        index = 0
        try:
            for index, function, places, feeder, feeders, routes in self._steps:
                if feeder >= 0:
                    value = values[feeder]
                    if value is ABSENT:
                        continue
                    value = function(value)
                elif feeder == _NONE:
                    value = function(*[given[place] for place in places])
                else:
                    arguments = [given[place] for place in places]
                    arguments += _values_for(index, feeders, values)
                    if len(arguments) == len(places):
                        continue
                    value = function(*arguments)
                values[index] = value if routes is None else _routed(routes, value)
        except _NotRouted as error:
            raise _failed(f"node '{self.names[index]}' {error}", values) from None
        except BaseException as error:
            # `execute` runs a graph in the program itself, where Ctrl-C is not an error of the node.
            if is_stop(error) or isinstance(error, (KeyboardInterrupt, GeneratorExit)):
                raise
            text = f"node '{self.names[index]}' failed: {fault.type_and_text(error)[1]}"
            raise _failed(text, values) from error
        return values

    def outputs(self, values: Sequence[Any]) -> List[Tuple[str, Any]]:
        """Returns the stored values of the terminal nodes that ran, by name, in the order of the run.

        Raises:
            GraphFailed: A value cannot be stored.
        """
        outputs: List[Tuple[str, Any]] = []
        for index in self._terminals:
            value = values[index]
            if value is not ABSENT:
                try:
                    outputs.append((self.names[index], stored(value, 1)))
                except Exception as error:
                    text = f"terminal '{self.names[index]}' result conversion failed: {_reason(error)}"
                    raise _failed(text, values) from error
        return outputs


def _step(
    node: NodeDeclaration,
    function: Callable[..., Any],
    given: Tuple[int, ...],
    fed_by: Sequence[Tuple[str, bool]],
    index_of: Mapping[str, int],
) -> _Step:
    feeders = tuple((index_of[name], is_routing) for name, is_routing in fed_by)
    feeder = _NONE
    if feeders:
        is_plain = len(feeders) == 1 and not feeders[0][1] and not given
        feeder = feeders[0][0] if is_plain else _SEVERAL
    routes = None if node.routes is None else {variant: index_of[to] for variant, to in node.routes}
    return (index_of[node.id], function, given, feeder, feeders, routes)


def _failed(text: str, values: Sequence[Any]) -> GraphFailed:
    failed = GraphFailed(text)
    failed.values = values
    return failed


def _feeders_of(nodes: Sequence[NodeDeclaration]) -> Dict[str, List[Tuple[str, bool]]]:
    """Returns for each node the nodes that feed it, in the order of the topology, with a flag for routing."""
    feeders: Dict[str, List[Tuple[str, bool]]] = {node.id: [] for node in nodes}
    for node in nodes:
        for target in node.targets:
            feeders[target].append((node.id, node.routes is not None))
    return feeders


def _values_for(index: int, feeders: Sequence[Tuple[int, bool]], values: Sequence[Any]) -> List[Any]:
    found: List[Any] = []
    for feeder, is_routing in feeders:
        value = values[feeder]
        if value is ABSENT:
            continue
        if not is_routing:
            found.append(value)
        elif value.target == index:
            found.append(value.payload)
    return found


def _routed(routes: Mapping[str, int], value: Any) -> Routed:
    if not isinstance(value, tuple):
        raise _NotRouted(f"must return a (variant_name, value) tuple, got {type(value).__name__}")
    if len(value) != 2:
        raise _NotRouted(f"returned tuple of length {len(value)}, expected (variant_name, value)")
    variant, payload = value
    if not isinstance(variant, str):
        kind = type(variant).__name__
        raise _NotRouted(f"must return a (variant_name, value) tuple: its first element must be a string, got {kind}")
    return Routed(variant, payload, routes.get(variant, -1))


def _reason(error: Exception) -> str:
    """Returns the text of a conversion error. Errors other than ``unsupported type X`` need the name of their class."""
    return str(error) if type(error) is TypeError else fault.type_and_text(error)[1]
