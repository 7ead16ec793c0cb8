"""The topology of a graph as a program writes it, read and checked. Pure functions; what runs it is ``plan``."""

from __future__ import annotations

import heapq
import warnings
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from .._declarations.declaration import NodeDeclaration
from .._values import arguments

_KEYS = ("inputs", "next", "routes")


def nodes_of(graph: object) -> Tuple[NodeDeclaration, ...]:
    """The nodes of a topology, in its order.

    Raises:
        TypeError: Something in it has a wrong type.
    """
    if not isinstance(graph, dict):
        arguments.refuse(graph, "graph", "dict")
    return tuple(_node_of(arguments.text(name, "a node of graph"), entry) for name, entry in graph.items())


def _node_of(name: str, entry: object) -> NodeDeclaration:
    at = f"graph['{name}']"
    if not isinstance(entry, dict):
        raise TypeError(f"{at} must be a dict, got {type(entry).__name__}")
    inputs = entry.get("inputs", [])
    if not isinstance(inputs, list):
        raise TypeError(f"{at}['inputs'] must be a list, got {type(inputs).__name__}")
    following = arguments.text(entry["next"], f"{at}['next']") if "next" in entry else None
    for key in entry:
        if key not in _KEYS:
            _warn_of_key(at, key)
    routes = _routes_of(at, entry["routes"]) if "routes" in entry else None
    return NodeDeclaration(
        id=name,
        inputs=tuple(arguments.texts(inputs, f"{at}['inputs']")),
        # With both, the routes count.
        next=following if routes is None else None,
        routes=routes,
    )


def _routes_of(at: str, routes: object) -> Tuple[Tuple[str, str], ...]:
    if not isinstance(routes, dict):
        raise TypeError(f"{at}['routes'] must be a dict, got {type(routes).__name__}")
    return tuple(
        (arguments.text(variant, f"a variant of {at}['routes']"), arguments.text(to, f"{at}['routes']['{variant}']"))
        for variant, to in routes.items()
    )


def _warn_of_key(at: str, key: object) -> None:
    """Other keys mean nothing, and a misspelt one would be missed."""
    warnings.warn(f"{at} has the key {key!r}, which means nothing: known are {', '.join(_KEYS)}", stacklevel=6)


def function_problem(nodes: Sequence[NodeDeclaration], functions: Iterable[str], graph: str) -> Optional[Exception]:
    """What is wrong between the nodes and the functions of a block: the exception to raise, or None."""
    names, given = dict.fromkeys(node.id for node in nodes), dict.fromkeys(functions)
    bare = [name for name in names if name not in given]
    if bare:
        loose = [name for name in given if name not in names]
        return AttributeError(
            "; ".join(
                f"topology references node '{name}' but no @cloaca.node function of that name is in the block "
                f"of graph '{graph}'{_did_you_mean(name, loose)}"
                for name in bare
            )
        )
    loose = [name for name in given if name not in names]
    if not loose:
        return None
    return ValueError(
        "; ".join(
            f"function '{name}' was decorated with @cloaca.node but does not appear in the graph topology "
            f"of graph '{graph}'"
            for name in loose
        )
    )


def problems_of(
    nodes: Sequence[NodeDeclaration], graph: str, reactor: Optional[str], sources: Sequence[str]
) -> List[str]:
    """What is wrong with a topology, as sentences. ``reactor`` None: of a graph that tasks invoke."""
    names, known_sources = {node.id for node in nodes}, set(sources)
    problems: List[str] = []
    for node in nodes:
        if reactor is None and node.inputs:
            problems.append(
                f"node '{node.id}' of graph '{graph}' has 'inputs', which only a graph with a reactor has: a "
                "trigger-less computation graph gets the context of a task"
            )
        for source in node.inputs if reactor is not None else ():
            if source not in known_sources:
                problems.append(
                    f"node '{node.id}' of graph '{graph}' references cache input '{source}' which is not in "
                    f"reactor '{reactor}' accumulators{_did_you_mean(source, sources)}"
                )
        for target in node.targets:
            if target not in names:
                problems.append(
                    f"node '{node.id}' of graph '{graph}' leads to '{target}', which is not a node of the topology"
                    f"{_did_you_mean(target, names)}"
                )
    return problems


def order_of(nodes: Sequence[NodeDeclaration], graph: str) -> List[str]:
    """The names of the nodes: what feeds one comes before it, and otherwise they keep their order.

    Raises:
        ValueError: There is a cycle.
    """
    position = {node.id: index for index, node in enumerate(nodes)}
    missing = dict.fromkeys(position, 0)
    for node in nodes:
        for target in node.targets:
            missing[target] += 1
    ready = [position[name] for name, count in missing.items() if count == 0]
    order: List[str] = []
    while ready:
        node = nodes[heapq.heappop(ready)]
        order.append(node.id)
        for target in node.targets:
            missing[target] -= 1
            if missing[target] == 0:
                heapq.heappush(ready, position[target])
    if len(order) < len(nodes):
        cycle = _cycle_in({node.id: node.targets for node in nodes}, set(order))
        raise ValueError(f"graph '{graph}' has a cycle: {' -> '.join(repr(name) for name in cycle)}")
    return order


def _cycle_in(targets: Mapping[str, Sequence[str]], ordered: Set[str]) -> List[str]:
    """One cycle, its first name repeated at its end. Each node that has no place in the order is fed by such a one."""
    feeders: Dict[str, str] = {}
    for name, leads_to in targets.items():
        if name not in ordered:
            feeders.update((target, name) for target in leads_to)
    name = next(name for name in targets if name not in ordered)
    path: Dict[str, None] = {}
    while name not in path:
        path[name] = None
        name = feeders[name]
    # Walked against the arrows.
    walked = list(path)
    return [name, *reversed(walked[walked.index(name) :])]


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    import difflib  # where something is wrong only

    nearest = difflib.get_close_matches(name, list(known), 1)
    return f". Did you mean '{nearest[0]}'?" if nearest else ""
