"""Sources, reactors and graphs as plain data, like triggers and workflows in ``wire``."""

from __future__ import annotations

from typing import Any, Dict, Optional

from .declaration import GraphDeclaration, NodeDeclaration, Place, ReactorDeclaration, SourceDeclaration

Wire = Dict[str, Any]


def source_wire(source: SourceDeclaration) -> Wire:
    """Returns a source as data."""
    stream = source.stream
    return {
        "kind": "source",
        "source": {
            "name": source.name,
            "kind": source.kind,
            "description": source.description,
            "place": _place_wire(source.place),
            "intervalMs": source.interval_ms,
            "intervalText": source.interval_text,
            "maxSize": source.max_size,
            "capacity": source.capacity,
            "stream": None if stream is None else {"type": stream.type, "topic": stream.topic, "group": stream.group},
            "problem": source.problem,
        },
    }


def reactor_wire(reactor: ReactorDeclaration) -> Wire:
    """Returns a reactor as data."""
    return {
        "kind": "reactor",
        "reactor": {
            "name": reactor.name,
            "sources": list(reactor.sources),
            "mode": reactor.mode,
            "place": _place_wire(reactor.place),
        },
    }


def graph_wire(graph: GraphDeclaration) -> Wire:
    """Returns a graph as data."""
    return {
        "kind": "graph",
        "graph": {
            "name": graph.name,
            "reactor": graph.reactor,
            "nodes": [_node_wire(node) for node in graph.nodes],
            "description": graph.description,
            "place": _place_wire(graph.place),
        },
    }


def _node_wire(node: NodeDeclaration) -> Wire:
    return {
        "id": node.id,
        "inputs": list(node.inputs),
        "next": node.next,
        "routes": None if node.routes is None else [list(route) for route in node.routes],
    }


def _place_wire(place: Optional[Place]) -> Optional[Wire]:
    return None if place is None else {"file": place.file, "line": place.line}
