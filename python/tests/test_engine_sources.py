"""The kinds of sources that a runner hosts, from Python: what reaches a graph of each."""

from __future__ import annotations

import pytest
from engine import needs_engine, wait_for

import cloaca

pytestmark = needs_engine


class Watched:
    """A graph that notes the values of one source."""

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
        """The values so far, once there are so many."""
        wait_for(lambda: len(self.seen) >= count)
        return self.seen


def test_a_state_hands_on_the_newest_values_oldest_first(runner, name):
    watched = Watched(name, cloaca.state_accumulator(capacity=2), lambda value: value * 10)

    for value in (1, 2, 3.0):
        runner.push(name, value)

    assert watched.values(3) == [[10], [10, 20], [20, 30.0]]


def test_a_state_with_a_negative_capacity_keeps_all(runner, name):
    watched = Watched(name, cloaca.state_accumulator(capacity=-1), lambda value: value)

    for value in range(5):
        runner.push(name, value)

    assert watched.values(5)[-1] == [0, 1, 2, 3, 4]


def test_a_state_without_capacity_accepts_values_and_hands_on_none(runner, name):
    calls = []
    watched = Watched(name, cloaca.state_accumulator(capacity=0), lambda value: calls.append(value))

    runner.push(name, 1)
    runner.push(name, 2)

    wait_for(lambda: len(calls) == 2)
    assert watched.seen == []


def test_what_a_state_keeps_survives_a_restart(name, tmp_path):
    watched = Watched(name, cloaca.state_accumulator(capacity=5), lambda value: value)
    url = f"sqlite://{tmp_path}/state.db"

    with cloaca.DefaultRunner(url) as runner:
        runner.push(name, 1)
        watched.values(1)
    with cloaca.DefaultRunner(url) as runner:
        runner.push(name, 2)
        assert watched.values(2) == [[1], [1, 2]]


def test_a_batch_is_handed_on_as_soon_as_it_is_full(runner, name):
    decorate = cloaca.batch_accumulator(flush_interval="1h", max_buffer_size=3)
    watched = Watched(name, decorate, lambda events: {"events": events})

    for value in range(3):
        runner.push(name, value)

    assert watched.values(1) == [{"events": [0, 1, 2]}]


def test_a_batch_is_handed_on_after_its_interval_and_never_empty(runner, name):
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


def test_a_polled_source_hands_on_what_its_function_returns_and_no_none(runner, name):
    answers = iter([1, None, {"x": 2.0}])

    watched = Watched(name, cloaca.polling_accumulator(interval="10ms"), lambda: next(answers, None))

    assert watched.values(2) == [1, {"x": 2.0}]


def test_an_async_function_is_a_source_like_any_other(runner, name):
    async def later(event):
        return [event]

    watched = Watched(name, cloaca.passthrough_accumulator, later)

    runner.push(name, 1)

    assert watched.values(1) == [[1]]


def test_an_event_whose_function_raises_is_logged_and_the_next_ones_go_on(runner, name):
    def half(event):
        return 1 // event

    watched = Watched(name, cloaca.passthrough_accumulator, half)

    for value in (1, 0, 1):
        runner.push(name, value)

    assert watched.values(2) == [1, 1]


@pytest.mark.parametrize(
    "decorate", [cloaca.polling_accumulator(interval="1h"), cloaca.stream_accumulator(type="none", topic="t")]
)
def test_what_fetches_its_events_itself_takes_none_that_are_pushed(runner, name, decorate):
    Watched(name, decorate, lambda *event: None)

    with pytest.raises(ValueError, match=rf"^Failed to push event: .*{name}"):
        runner.push(name, 1)
