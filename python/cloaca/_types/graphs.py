"""The topology of a computation graph as programs write it: plain dicts."""

from __future__ import annotations

from typing import Dict, List, Mapping, TypedDict


class NodeTopology(TypedDict, total=False):
    """A node: what it is handed, and who gets its value."""

    inputs: List[str]
    next: str
    routes: Dict[str, str]


#: By the name of each node.
Topology = Mapping[str, NodeTopology]
