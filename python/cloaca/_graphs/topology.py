"""Parses and checks the topology of a graph as a program writes it. All functions are pure. ``plan`` runs the graph."""

from __future__ import annotations

import heapq
import warnings
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from .._declarations.declaration import NodeDeclaration
from .._values import arguments

_KEYS = ("inputs", "next", "routes")


def nodes_of(graph: object) -> Tuple[NodeDeclaration, ...]:
    """Returns the nodes of a topology, in its order.

    Raises:
        TypeError: A part of the topology has the wrong type.
    """
    if not isinstance(graph, dict):
        arguments.refuse(graph, "graph", "dict")
    return tuple(_node_of(arguments.name(name, "a node of graph"), entry) for name, entry in graph.items())


def _node_of(name: str, entry: object) -> NodeDeclaration:
    at = f"graph['{name}']"
    if not isinstance(entry, dict):
        raise TypeError(f"{at} must be a dict, got {type(entry).__name__}")
    inputs = entry.get("inputs", [])
    if not isinstance(inputs, list):
        raise TypeError(f"{at}['inputs'] must be a list, got {type(inputs).__name__}")
    following = arguments.name(entry["next"], f"{at}['next']") if "next" in entry else None
    for key in entry:
        if key not in _KEYS:
            _warn_of_key(at, key)
    routes = _routes_of(at, entry["routes"]) if "routes" in entry else None
    return NodeDeclaration(
        id=name,
        inputs=tuple(arguments.names(inputs, f"{at}['inputs']")),
        # If both are given, the routes take precedence.
        next=following if routes is None else None,
        routes=routes,
    )


def _routes_of(at: str, routes: object) -> Tuple[Tuple[str, str], ...]:
    if not isinstance(routes, dict):
        raise TypeError(f"{at}['routes'] must be a dict, got {type(routes).__name__}")
    return tuple(
        (arguments.text(variant, f"a variant of {at}['routes']"), arguments.name(to, f"{at}['routes']['{variant}']"))
        for variant, to in routes.items()
    )


def _warn_of_key(at: str, key: object) -> None:
    """Warns about an unknown key, which may be misspelt and has no effect."""
    known = ", ".join(_KEYS)
    warnings.warn(f"{at} has the unknown key {key!r}, which has no effect. Known keys: {known}", stacklevel=6)


def function_problem(nodes: Sequence[NodeDeclaration], functions: Iterable[str], graph: str) -> Optional[Exception]:
    """Returns the exception to raise if the nodes and the functions of a block do not match, or None."""
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
    """Returns the problems of a topology as sentences. A graph that tasks invoke has no ``reactor``."""
    names, known_sources = {node.id for node in nodes}, set(sources)
    problems: List[str] = []
    for node in nodes:
        if reactor is None and node.inputs:
            problems.append(
                f"node '{node.id}' of graph '{graph}' has 'inputs', but the graph has no reactor: a "
                "trigger-less computation graph receives only the context of a task. Remove 'inputs', or set `reactor`"
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
    """Returns the names of the nodes, each after the nodes that feed it, otherwise in their order.

    Raises:
        ValueError: The graph has a cycle.
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
    """Returns one cycle, with its first name repeated at the end. Another unordered node feeds each unordered node."""
    feeders: Dict[str, str] = {}
    for name, leads_to in targets.items():
        if name not in ordered:
            feeders.update((target, name) for target in leads_to)
    name = next(name for name in targets if name not in ordered)
    path: Dict[str, None] = {}
    while name not in path:
        path[name] = None
        name = feeders[name]
    # The path follows the edges backwards.
    walked = list(path)
    return [name, *reversed(walked[walked.index(name) :])]


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    import difflib  # imported only for an error

    nearest = difflib.get_close_matches(name, list(known), 1)
    return f". Did you mean '{nearest[0]}'?" if nearest else ""
