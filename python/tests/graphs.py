"""Helpers for tests of graphs and reactors."""

from __future__ import annotations

import dataclasses

import cloaca


def reactor_of(*sources, name="reactor", mode="when_any"):
    """Declares a reactor of these sources, and returns its class."""
    return cloaca.reactor(name=name, accumulators=list(sources), mode=mode)(type("Reactor", (), {}))


def graph_of(topology, reactor=None, name="graph", **functions):
    """Declares a graph whose nodes are the given functions, and returns its builder."""
    with cloaca.ComputationGraphBuilder(name, graph=topology, reactor=reactor) as builder:
        for node_name, function in functions.items():
            function.__name__ = node_name
            cloaca.node(function)
    return builder


@dataclasses.dataclass
class Point:
    """Dataclass, which contexts store as a dict."""

    x: int
