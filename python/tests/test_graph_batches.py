"""The engine's message `graphs`: values, errors and early stops of graphs. No engine is needed."""

from __future__ import annotations

import json

import pytest
from batches import NONE, OVERDUE, OVERDUE_OUTCOME, RAISED, Clock, answer_of

import cloaca
from cloaca._border.stops import DeadlineExceeded
from cloaca._declarations import ledger
from cloaca._engine import flat_values
from cloaca._engine.graphs import GraphRuns


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """Raises the time limit, so that no batch stops early on a slow machine."""
    monkeypatch.setattr(flat_values, "MAX_BATCH_S", 1_000.0)


def graph(name, topology=None, **functions):
    reactor = cloaca.reactor(name=f"{name}-reactor", accumulators=["a", "b"])(type("R", (), {}))
    with cloaca.ComputationGraphBuilder(name, graph=topology or {"n": {"inputs": ["a"]}}, reactor=reactor):
        for node_name, function in functions.items():
            function.__name__ = node_name
            cloaca.node(function)


def run_graphs(names, payloads):
    batch = GraphRuns(json.dumps(names), json.dumps(payloads))
    assert batch.begin(ledger.current()) is batch
    return batch


def test_results_are_ordered_by_payload_and_then_by_graph(name):
    first, second = f"{name}-1", f"{name}-2"
    graph(first, n=lambda a: {"first": a})
    graph(second, n=lambda a: {"second": a})

    values, errors = answer_of(run_graphs([first, second], [{"a": 1, "b": None}, {"a": 2.0, "b": None}]))

    assert values == ['{"first":1}', '{"second":1}', '{"first":2.0}', '{"second":2.0}']
    assert errors == []


def test_a_graph_whose_terminal_nodes_did_not_run_has_no_value(name):
    graph(name, {"n": {"inputs": ["a"], "routes": {"x": "m"}}, "m": {}}, n=lambda a: ("y", a), m=lambda a: a)

    assert answer_of(run_graphs([name], [{"a": 1}]))[0] == [NONE]


def test_a_failed_graph_does_not_stop_the_other_graphs(name):
    first, second = f"{name}-1", f"{name}-2"

    def fails(a):
        raise LookupError("boom")

    graph(first, n=fails)
    graph(second, n=lambda a: a)

    values, errors = answer_of(run_graphs([first, second], [{"a": 1}]))

    assert values == [RAISED, "1"]
    assert (errors[0]["type"], errors[0]["message"]) == (
        "LookupError",
        f"graph '{first}' failed: node 'n' failed: LookupError: boom",
    )
    assert fails.__code__.co_name in errors[0]["traceback"].splitlines()[1]


def test_edits_of_a_payload_by_one_graph_are_invisible_to_the_others(name):
    first, second = f"{name}-1", f"{name}-2"
    graph(first, n=lambda a: a.append("first"))
    graph(second, n=lambda a: a)

    assert answer_of(run_graphs([first, second], [{"a": ["kept"]}]))[0] == [NONE, '["kept"]']


def test_an_undeclared_graph_fails_for_every_payload():
    values, errors = answer_of(run_graphs(["nobody declared this"], [{"a": 1}, {"a": 2}]))

    assert values == [RAISED, RAISED]
    assert errors[0]["message"] == "graph 'nobody declared this' is no longer declared in this process"


def test_a_batch_over_its_time_stops_after_the_current_payload(name, monkeypatch):
    clock = Clock(monkeypatch)

    def slow(a):
        clock.now += 0.06
        return a

    graph(name, n=slow)
    other = f"{name}-2"
    graph(other, n=lambda a: a)

    assert answer_of(run_graphs([name, other], [{"a": 1}, {"a": 2}]))[0] == ["1", "1"]


def test_a_deadline_fails_the_current_graph_and_keeps_earlier_values(name):
    def hang(a):
        if a == 2:
            raise DeadlineExceeded
        return a

    graph(name, n=hang)
    batch = GraphRuns(json.dumps([name]), '[{"a":1},{"a":2},{"a":3}]')
    with pytest.raises(DeadlineExceeded):
        batch.begin(ledger.current())

    values, errors = answer_of(batch.stopped(OVERDUE_OUTCOME))
    assert values == ["1", OVERDUE]
    assert errors[0]["message"] == f"graph '{name}' was stopped: DeadlineExceeded: it took too long"


class Opaque:
    def __repr__(self):
        return "<opaque>" * 100


class Unprintable:
    def __repr__(self):
        raise LookupError("no repr")


def test_node_values_of_the_last_payload_are_shown_in_at_most_1010_characters(name):
    topology = {
        "choose": {"inputs": ["a"], "routes": {"x": "make", "y": "other"}},
        "make": {"next": "n"},
        "other": {},
        "n": {},
    }
    made = [Opaque(), Unprintable(), "z" * 5_000, list(range(5_000))]
    functions = {"make": lambda p: made, "other": lambda p: p, "n": lambda m: m}
    for made_value in made:
        functions["make"] = lambda p, value=made_value: value
        functions["n"] = lambda m: 1
        graph(name, topology, choose=lambda a: ("x", a), **functions)

        shown = json.loads(run_graphs([name], [{"a": 0}, {"a": 7}])._shown)[name]

        assert shown["choose"] == ["x", 7]
        assert shown["n"] == 1
        assert "other" not in shown
        assert len(json.dumps(shown["make"])) <= 1_010
        assert isinstance(shown["make"], str)


def test_node_values_from_before_a_failed_node_are_shown(name):
    def fails(value):
        raise LookupError("boom")

    graph(name, {"n": {"inputs": ["a"], "next": "m"}, "m": {}}, n=lambda a: [a], m=fails)

    assert json.loads(run_graphs([name], [{"a": 7}])._shown) == {name: {"n": [7]}}
