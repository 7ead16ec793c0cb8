"""What the engine's messages `events` and `graphs` come to: values, errors, early stops. No engine is needed."""

from __future__ import annotations

import json

import pytest
from outcomes import outcome_of

import cloaca
from cloaca._border.bridge import DeadlineExceeded
from cloaca._declarations import ledger
from cloaca._engine import flat_values
from cloaca._engine.accumulate import Accumulation
from cloaca._engine.graphs import GraphRuns

NONE, RAISED, OVERDUE = -1, -2, -3

OVERDUE_OUTCOME = ("timedOut", None, "DeadlineExceeded", "DeadlineExceeded: it took too long", "the traceback")


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """No batch stops early because the machine is slow."""
    monkeypatch.setattr(flat_values, "MOST_S", 1_000.0)


def declare(name, function):
    function.__name__ = name
    cloaca.passthrough_accumulator(function)


def answer_of(batch):
    """Values as their texts or sizes, and errors."""
    text, sizes_json, errors_json = flat_values.packed(batch._values)
    units, values, begin = text.encode("utf-16-le"), [], 0
    for size in json.loads(sizes_json):
        values.append(size if size < 0 else units[2 * begin : 2 * (begin + size)].decode("utf-16-le"))
        begin += max(size, 0)
    assert 2 * begin == len(units)
    return values, json.loads(errors_json)


def accumulate(name, mode, events):
    batch = Accumulation(name, mode, json.dumps(events))
    assert outcome_of(batch.begin(ledger.current())) is batch
    return answer_of(batch)


# --------------------------------------------------------------------------------------------------------------- events


def test_each_event_is_a_call_and_a_value(name):
    declare(name, lambda event: {"n": event})

    assert accumulate(name, "each", [1, 2.0, None]) == (['{"n":1}', '{"n":2.0}', '{"n":null}'], [])


def test_numbers_keep_their_kind_and_their_digits(name):
    declare(name, lambda event: event)

    assert accumulate(name, "each", [1, 1.0, 2**60, -0.5])[0] == ["1", "1.0", str(2**60), "-0.5"]


def test_sizes_count_as_javascript_does(name):
    declare(name, lambda event: event)

    assert accumulate(name, "each", ["é", "😀x", "plain"])[0] == ['"é"', '"😀x"', '"plain"']


def test_none_drops_the_event(name):
    declare(name, lambda event: event if event > 1 else None)

    assert accumulate(name, "each", [1, 2])[0] == [NONE, "2"]


def test_an_event_that_raises_does_not_keep_the_others_from_their_calls(name):
    def halve(event):
        return 1 // event

    declare(name, halve)

    values, errors = accumulate(name, "each", [1, 0, 1])

    assert values == ["1", RAISED, "1"]
    (error,) = errors
    assert error["type"] == "ZeroDivisionError"
    assert error["message"].startswith(f"source '{name}' raised exception: ZeroDivisionError: ")
    assert f", in {halve.__code__.co_name}" in error["traceback"].splitlines()[1]


def test_an_exit_is_a_failure_of_that_event(name):
    def leave(event):
        raise SystemExit(3)

    declare(name, leave)

    assert accumulate(name, "each", [1])[1][0]["message"] == f"source '{name}' raised exception: SystemExit: 3"


def test_a_value_that_is_not_json_is_a_failure_of_that_event(name):
    declare(name, lambda event: {"at": 1j} if event else event)

    values, errors = accumulate(name, "each", [1, 0])

    assert values == [RAISED, "0"]
    assert errors[0]["type"] == "TypeError"
    assert "unsupported type complex at ['at']" in errors[0]["message"]
    assert name in errors[0]["message"]


def test_a_batch_is_one_call_with_the_list(name):
    declare(name, lambda events: {"count": len(events), "events": events})

    assert accumulate(name, "batch", [1, 2])[0] == ['{"count":2,"events":[1,2]}']


def test_a_poll_is_one_call_with_nothing(name):
    declare(name, lambda: {"length": 3})

    assert accumulate(name, "poll", [])[0] == ['{"length":3}']


def test_async_functions_are_awaited_one_after_another(name):
    going = []

    async def later(event):
        going.append(event)
        if event == 2:
            raise LookupError("boom")
        return None if event == 3 else event

    declare(name, later)

    values, errors = accumulate(name, "each", [1, 2, 3, 4])

    assert (values, going) == (["1", RAISED, NONE, "4"], [1, 2, 3, 4])
    assert errors[0]["message"] == f"source '{name}' raised exception: LookupError: boom"


def test_a_source_that_nobody_declared_fails_each_event():
    values, errors = accumulate("nobody declared this", "each", [1, 2])

    assert values == [RAISED, RAISED]
    assert errors[1] == {
        "type": "LookupError",
        "message": "source 'nobody declared this' is no longer declared in this process",
        "traceback": "",
    }


class Clock:
    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(flat_values, "MOST_S", 0.05)
        monkeypatch.setattr("time.monotonic", lambda: self.now)


def test_it_stops_early_after_the_event_in_hand(name, monkeypatch):
    clock = Clock(monkeypatch)

    def slow(event):
        clock.now += 0.02
        return event

    declare(name, slow)

    assert accumulate(name, "each", list(range(10)))[0] == ["0", "1", "2"]


def test_an_async_one_stops_early_too(name, monkeypatch):
    clock = Clock(monkeypatch)

    async def slow(event):
        clock.now += 0.02
        return event

    declare(name, slow)
    batch = Accumulation(name, "each", "[1,2,3,4,5]")
    result = batch.begin(ledger.current())
    while result is not batch:
        with pytest.raises(StopIteration) as ended:
            result.awaitable.send(None)
        result = result.ended(ended.value.value, None)

    assert answer_of(batch)[0] == ["1", "2", "3"]


def test_it_stops_early_when_the_answer_gets_large(name, monkeypatch):
    monkeypatch.setattr(flat_values, "MOST_CHARACTERS", 100)
    declare(name, lambda event: "x" * 50)

    values, _ = accumulate(name, "each", [1, 2, 3, 4])

    assert len(values) == 2


def test_a_time_limit_stops_the_event_in_hand_only(name):
    def hang(event):
        if event == 2:
            raise DeadlineExceeded
        return event

    declare(name, hang)
    batch = Accumulation(name, "each", "[1,2,3]")
    with pytest.raises(DeadlineExceeded):
        batch.begin(ledger.current())

    assert batch.stopped(OVERDUE_OUTCOME) is batch

    values, errors = answer_of(batch)
    assert values == ["1", OVERDUE]
    assert errors == [
        {
            "type": "DeadlineExceeded",
            "message": f"source '{name}' was stopped: DeadlineExceeded: it took too long",
            "traceback": "the traceback",
        }
    ]


def test_an_async_function_that_is_stopped_is_the_one_in_hand(name):
    async def hang(event):
        return event

    declare(name, hang)
    batch = Accumulation(name, "each", "[1,2]")
    awaiting = batch.begin(ledger.current())
    awaiting.awaitable.close()

    assert awaiting.stopped(OVERDUE_OUTCOME) is batch
    assert answer_of(batch)[0] == [OVERDUE]


def test_what_is_stopped_when_all_is_done_loses_nothing(name):
    declare(name, lambda event: event)
    batch = Accumulation(name, "each", "[1]")
    batch.begin(ledger.current())

    assert answer_of(batch.stopped(OVERDUE_OUTCOME))[0] == ["1"]


def test_what_is_stopped_before_its_first_call_makes_progress_all_the_same():
    batch = Accumulation("s", "each", "[1,2]")

    assert answer_of(batch.stopped(OVERDUE_OUTCOME))[0] == [OVERDUE]


# --------------------------------------------------------------------------------------------------------------- graphs


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


def test_results_come_payload_by_payload(name):
    first, second = f"{name}-1", f"{name}-2"
    graph(first, n=lambda a: {"first": a})
    graph(second, n=lambda a: {"second": a})

    values, errors = answer_of(run_graphs([first, second], [{"a": 1, "b": None}, {"a": 2.0, "b": None}]))

    assert values == ['{"first":1}', '{"second":1}', '{"first":2.0}', '{"second":2.0}']
    assert errors == []


def test_a_graph_in_which_no_terminal_node_ran_has_no_value(name):
    graph(name, {"n": {"inputs": ["a"], "routes": {"x": "m"}}, "m": {}}, n=lambda a: ("y", a), m=lambda a: a)

    assert answer_of(run_graphs([name], [{"a": 1}]))[0] == [NONE]


def test_a_graph_that_fails_does_not_keep_the_others_from_running(name):
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


def test_no_graph_sees_what_another_does_to_a_payload(name):
    first, second = f"{name}-1", f"{name}-2"
    graph(first, n=lambda a: a.append("first"))
    graph(second, n=lambda a: a)

    assert answer_of(run_graphs([first, second], [{"a": ["kept"]}]))[0] == [NONE, '["kept"]']


def test_a_graph_that_nobody_declared_fails():
    values, errors = answer_of(run_graphs(["nobody declared this"], [{"a": 1}, {"a": 2}]))

    assert values == [RAISED, RAISED]
    assert errors[0]["message"] == "graph 'nobody declared this' is no longer declared in this process"


def test_graphs_stop_early_at_the_end_of_a_payload(name, monkeypatch):
    clock = Clock(monkeypatch)

    def slow(a):
        clock.now += 0.06
        return a

    graph(name, n=slow)
    other = f"{name}-2"
    graph(other, n=lambda a: a)

    assert answer_of(run_graphs([name, other], [{"a": 1}, {"a": 2}]))[0] == ["1", "1"]


def test_a_time_limit_stops_the_run_in_hand_only(name):
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


def test_people_see_the_values_of_the_nodes_of_the_last_payload(name):
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


def test_people_see_what_ran_before_a_node_failed(name):
    def fails(value):
        raise LookupError("boom")

    graph(name, {"n": {"inputs": ["a"], "next": "m"}, "m": {}}, n=lambda a: [a], m=fails)

    assert json.loads(run_graphs([name], [{"a": 7}])._shown) == {name: {"n": [7]}}


def test_a_value_that_is_too_large_is_a_failure(name, monkeypatch):
    monkeypatch.setattr(flat_values, "MOST_CHARACTERS", 10)
    monkeypatch.setattr(flat_values, "_LARGEST_VALUE", 10)
    declare(name, lambda event: "x" * event)

    values, errors = accumulate(name, "each", [3, 20])

    assert values == ['"xxx"', RAISED]
    assert errors[0]["type"] == "OverflowError"
