"""Kinds of sources in a runner: the values that a graph receives from each kind."""

from __future__ import annotations

import pytest
from engine import needs_engine, wait_for

import cloaca

pytestmark = needs_engine


class Watched:
    """A source of the given kind, and a graph that records its values."""

    def __init__(self, name, decorate, function):
        self.seen = []
        self.source = function.__name__ = name
        decorate(function)
        reactor = cloaca.reactor(name=f"{name}-reactor", accumulators=[name])(type("Reactor", (), {}))
        with cloaca.ComputationGraphBuilder(f"{name}-graph", reactor=reactor, graph={"look": {"inputs": [name]}}):

            @cloaca.node
            def look(value):
                self.seen.append(value)

    def values(self, count):
        """Waits for `count` values, and returns all values so far."""
        wait_for(lambda: len(self.seen) >= count)
        return self.seen


def test_a_state_source_sends_its_newest_values_oldest_first(runner, name):
    watched = Watched(name, cloaca.state_accumulator(capacity=2), lambda value: value * 10)

    for value in (1, 2, 3.0):
        runner.push(name, value)

    assert watched.values(3) == [[10], [10, 20], [20, 30.0]]


def test_a_state_source_with_a_negative_capacity_keeps_all_values(runner, name):
    watched = Watched(name, cloaca.state_accumulator(capacity=-1), lambda value: value)

    for value in range(5):
        runner.push(name, value)

    assert watched.values(5)[-1] == [0, 1, 2, 3, 4]


def test_a_state_source_with_capacity_0_accepts_values_and_sends_none(runner, name):
    calls = []
    watched = Watched(name, cloaca.state_accumulator(capacity=0), lambda value: calls.append(value))

    runner.push(name, 1)
    runner.push(name, 2)

    wait_for(lambda: len(calls) == 2)
    assert watched.seen == []


def test_the_values_of_a_state_source_survive_a_restart(name, tmp_path):
    watched = Watched(name, cloaca.state_accumulator(capacity=5), lambda value: value)
    url = f"sqlite://{tmp_path}/state.db"

    with cloaca.DefaultRunner(url) as runner:
        runner.push(name, 1)
        watched.values(1)
    with cloaca.DefaultRunner(url) as runner:
        runner.push(name, 2)
        assert watched.values(2) == [[1], [1, 2]]


def test_a_batch_source_sends_a_batch_as_soon_as_it_is_full(runner, name):
    decorate = cloaca.batch_accumulator(flush_interval="1h", max_buffer_size=3)
    watched = Watched(name, decorate, lambda events: {"events": events})

    for value in range(3):
        runner.push(name, value)

    assert watched.values(1) == [{"events": [0, 1, 2]}]


def test_a_batch_source_sends_a_batch_after_its_interval_and_never_an_empty_one(runner, name):
    calls = []

    def batch(events):
        calls.append(events)
        return len(events)

    watched = Watched(name, cloaca.batch_accumulator(flush_interval="20ms"), batch)

    runner.push(name, "a")
    watched.values(1)
    runner.push(name, "b")
    watched.values(2)

    assert calls == [["a"], ["b"]]


def test_a_polling_source_sends_the_results_of_its_function_except_none(runner, name):
    answers = iter([1, None, {"x": 2.0}])

    watched = Watched(name, cloaca.polling_accumulator(interval="10ms"), lambda: next(answers, None))

    assert watched.values(2) == [1, {"x": 2.0}]


def test_an_async_function_can_be_a_source(runner, name):
    async def later(event):
        return [event]

    watched = Watched(name, cloaca.passthrough_accumulator, later)

    runner.push(name, 1)

    assert watched.values(1) == [[1]]


def test_a_source_continues_with_the_next_event_after_its_function_raised(runner, name):
    def half(event):
        return 1 // event

    watched = Watched(name, cloaca.passthrough_accumulator, half)

    for value in (1, 0, 1):
        runner.push(name, value)

    assert watched.values(2) == [1, 1]


@pytest.mark.parametrize(
    "decorate", [cloaca.polling_accumulator(interval="1h"), cloaca.stream_accumulator(type="none", topic="t")]
)
def test_pushing_to_a_polling_or_stream_source_is_refused(runner, name, decorate):
    Watched(name, decorate, lambda *event: None)

    with pytest.raises(ValueError, match=rf"^Failed to push event: .*{name}"):
        runner.push(name, 1)
