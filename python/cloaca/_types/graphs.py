"""Topology of a computation graph as programs write it: plain dicts."""

from __future__ import annotations

from typing import Dict, List, Mapping, TypedDict


class NodeTopology(TypedDict, total=False):
    """Node: its sources, and the nodes that receive its value."""

    inputs: List[str]
    next: str
    routes: Dict[str, str]


#: Topology of a graph: nodes by name.
Topology = Mapping[str, NodeTopology]
