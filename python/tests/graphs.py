"""Graphs and reactors for tests."""

from __future__ import annotations

import dataclasses

import cloaca


def reactor_of(*sources, name="reactor", mode="when_any"):
    """A class that is the reactor of these sources."""
    return cloaca.reactor(name=name, accumulators=list(sources), mode=mode)(type("Reactor", (), {}))


def graph_of(topology, reactor=None, name="graph", **functions):
    """A graph whose nodes are the given functions."""
    with cloaca.ComputationGraphBuilder(name, graph=topology, reactor=reactor) as builder:
        for node_name, function in functions.items():
            function.__name__ = node_name
            cloaca.node(function)
    return builder


@dataclasses.dataclass
class Point:
    """A value that is stored as a dict."""

    x: int
