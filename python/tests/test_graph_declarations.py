"""Declarations of sources, reactors, graphs, and tasks that invoke graphs. No engine is needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from declared import workflow_as_data
from kinds import in_pyodide

import cloaca
from cloaca._border.generation import begin, drop
from cloaca._declarations import ledger
from cloaca._declarations.graph_wire import graph_wire, reactor_wire, source_wire

FILE = str(Path(__file__).resolve())


def source_as_data(name):
    data = source_wire(ledger.current().sources[name])
    assert json.loads(json.dumps(data)) == data
    assert data["kind"] == "source"
    return data["source"]


def accumulate(decorator, name="s"):
    def function(*events):
        """Says what it is for.

        At length.
        """
        return events

    function.__name__ = name
    assert decorator(function) is function
    return source_as_data(name)


NOTHING = {"intervalMs": None, "intervalText": None, "maxSize": None, "capacity": None, "stream": None, "problem": None}


@pytest.mark.parametrize(
    ("decorator", "kind", "facts"),
    [
        (cloaca.passthrough_accumulator, "passthrough", {}),
        (
            cloaca.stream_accumulator(type="kafka", topic="orders"),
            "stream",
            {"stream": {"type": "kafka", "topic": "orders", "group": None}},
        ),
        (
            cloaca.stream_accumulator(type="kafka", topic="orders", group="g"),
            "stream",
            {"stream": {"type": "kafka", "topic": "orders", "group": "g"}},
        ),
        (cloaca.polling_accumulator(interval=" 5s "), "polling", {"intervalMs": 5_000, "intervalText": " 5s "}),
        (
            cloaca.batch_accumulator(flush_interval="250ms", max_buffer_size=10),
            "batch",
            {"intervalMs": 250, "intervalText": "250ms", "maxSize": 10},
        ),
        (
            cloaca.batch_accumulator(flush_interval="2h", max_buffer_size=None),
            "batch",
            {"intervalMs": 7_200_000, "intervalText": "2h"},
        ),
        (cloaca.state_accumulator(capacity=20), "state", {"capacity": 20}),
        (cloaca.state_accumulator(capacity=-1), "state", {"capacity": -1}),
        (cloaca.state_accumulator(capacity=0), "state", {"capacity": 0}),
    ],
)
def test_a_source_is_declared_with_its_kind_options_and_place(decorator, kind, facts):
    data = accumulate(decorator)

    place = data.pop("place")
    assert data == {
        "name": "s",
        "kind": kind,
        "description": "Says what it is for.\n\nAt length.",
        **NOTHING,
        **facts,
    }
    assert place["file"] == FILE
    assert isinstance(place["line"], int)


@pytest.mark.parametrize(
    ("decorator", "problem"),
    [
        (lambda: cloaca.polling_accumulator(interval="5"), "Invalid interval '5': expected number followed by unit"),
        (lambda: cloaca.polling_accumulator(interval="0s"), "Invalid interval '0s': it must be longer than 0"),
        (lambda: cloaca.polling_accumulator(interval=""), "Invalid interval '': empty string"),
        (lambda: cloaca.batch_accumulator(flush_interval="1d"), "Invalid flush_interval '1d': unknown unit 'd'"),
        (lambda: cloaca.batch_accumulator(flush_interval="1s", max_buffer_size=0), "max_buffer_size is 0"),
    ],
)
def test_an_invalid_source_option_is_declared_as_a_problem_and_raises_nothing(decorator, problem):
    data = accumulate(decorator())

    assert data["problem"].startswith(f'Source "s" cannot be used: {problem}')
    assert data["intervalText"] is not None


def test_an_accumulator_can_decorate_a_function_with_a_boundary_schema():
    @cloaca.passthrough_accumulator
    @cloaca.boundary_schema(price=float)
    def quotes(event):
        return {"price": event}

    assert quotes(1.5) == {"price": 1.5}
    assert source_as_data("quotes")["name"] == "quotes"


def test_a_source_may_be_an_async_function():
    @cloaca.passthrough_accumulator
    async def later(event):
        return event

    assert source_as_data("later")["kind"] == "passthrough"


def test_a_later_source_replaces_an_earlier_source_with_the_same_name():
    accumulate(cloaca.state_accumulator(capacity=3), "again")
    accumulate(cloaca.passthrough_accumulator, "again")

    assert source_as_data("again")["kind"] == "passthrough"


def test_a_reactor_is_declared_with_its_sources_and_mode():
    @cloaca.reactor(name="told", accumulators=["b", "a"], mode="when_all")
    class Told:
        pass

    data = reactor_wire(ledger.current().reactors["told"])

    place = data["reactor"].pop("place")
    assert data == {"kind": "reactor", "reactor": {"name": "told", "sources": ["b", "a"], "mode": "when_all"}}
    assert place["file"] == FILE


def declare_graph(name, reactor=None, first=None):
    inputs = {} if reactor is None else {"inputs": ["a"]}
    topology = {"first": {**inputs, "routes": {"x": "last", "y": "between"}}, "between": {"next": "last"}, "last": {}}
    with cloaca.ComputationGraphBuilder(name, graph=topology, reactor=reactor) as builder:

        @cloaca.node
        def first(value):
            return ("x", value)

        @cloaca.node
        def between(value):
            return value

        @cloaca.node
        def last(value):
            return value

    return builder


def test_a_graph_is_declared_with_its_nodes_in_topology_order():
    @cloaca.reactor(name="told-too", accumulators=["a"])
    class Told:
        """Watches."""

    declare_graph("told", Told)

    data = graph_wire(ledger.current().graphs["told"])

    place = data["graph"].pop("place")
    assert json.loads(json.dumps(data)) == {
        "kind": "graph",
        "graph": {
            "name": "told",
            "reactor": "told-too",
            "description": "Watches.",
            "nodes": [
                {"id": "first", "inputs": ["a"], "next": None, "routes": [["x", "last"], ["y", "between"]]},
                {"id": "between", "inputs": [], "next": "last", "routes": None},
                {"id": "last", "inputs": [], "next": None, "routes": None},
            ],
        },
    }
    assert place["file"] == FILE


def test_the_next_of_a_node_with_routes_is_not_declared():
    with cloaca.ComputationGraphBuilder("both", graph={"n": {"next": "m", "routes": {"v": "m"}}, "m": {}}):
        for node_name in ("n", "m"):
            cloaca.node(named(node_name, lambda value: ("v", value)))

    node = graph_wire(ledger.current().graphs["both"])["graph"]["nodes"][0]

    assert node == {"id": "n", "inputs": [], "next": None, "routes": [["v", "m"]]}


def named(name, function):
    function.__name__ = name
    return function


def test_a_graph_without_a_reactor_is_declared_with_reactor_none():
    declare_graph("told")

    assert graph_wire(ledger.current().graphs["told"])["graph"]["reactor"] is None


def test_a_graph_whose_block_failed_is_not_declared():
    with pytest.raises(AttributeError), cloaca.ComputationGraphBuilder("never told", graph={"n": {}}):
        pass

    assert "never told" not in ledger.current().graphs


def test_a_task_is_declared_with_the_graph_that_it_invokes(name):
    graph = declare_graph("invoked")
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="with", invokes=graph)(lambda ctx: ctx)
        cloaca.task(id="without")(lambda ctx: ctx)

    tasks = workflow_as_data(name)["tasks"]

    assert {task["id"]: task["invokes"] for task in tasks} == {"with": "invoked", "without": None}


def test_pending_declarations_are_taken_in_order_of_declaration():
    generation = ledger.current()
    ledger.take_pending_of(generation)

    reactor = cloaca.reactor(name="r9", accumulators=["a"])(type("R", (), {}))
    declare_graph("g9", reactor)
    accumulate(cloaca.passthrough_accumulator, "s9")

    kinds = [(wire["kind"], wire[wire["kind"]]["name"]) for wire in ledger.take_pending_of(generation)]
    assert kinds == [("reactor", "r9"), ("graph", "g9"), ("source", "s9")]


def test_sources_declared_in_a_generation_belong_only_to_that_generation():
    from cloaca._border import bridge, stacks

    if bridge.has_engine() and not in_pyodide:
        pytest.skip("CPython with an engine uses threads instead of stacks")

    generation = begin(4_711)
    stack = stacks.Stack(0, generation)

    stacks.run_in(stack, lambda: accumulate(cloaca.passthrough_accumulator, "of its own"))
    drop(4_711)

    assert "of its own" in generation.sources
    assert "of its own" not in ledger.current().sources


def test_two_different_graphs_with_one_name_are_recorded_as_twins():
    generation = ledger.current()
    generation.twins.clear()

    declare_graph("twin")
    declare_graph("twin")  # from the same file and line, as in a module that is imported again
    with cloaca.ComputationGraphBuilder("twin", graph={"n": {}}):
        cloaca.node(named_n)

    assert [(twin["kind"], twin["name"]) for twin in generation.twins] == [("graph", "twin")]


def named_n(ctx):
    return 1


named_n.__name__ = "n"
