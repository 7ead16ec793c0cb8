"""The engine's message `events`: values, errors and early stops of sources. No engine is needed."""

from __future__ import annotations

import json

import pytest
from batches import NONE, OVERDUE, OVERDUE_OUTCOME, RAISED, Clock, answer_of
from outcomes import outcome_of

import cloaca
from cloaca._border.stops import DeadlineExceeded
from cloaca._declarations import ledger
from cloaca._engine import flat_values
from cloaca._engine.accumulate import Accumulation


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """Raises the time limit, so that no batch stops early on a slow machine."""
    monkeypatch.setattr(flat_values, "MAX_BATCH_S", 1_000.0)


def declare(name, function):
    function.__name__ = name
    cloaca.passthrough_accumulator(function)


def accumulate(name, mode, events):
    batch = Accumulation(name, mode, json.dumps(events))
    assert outcome_of(batch.begin(ledger.current())) is batch
    return answer_of(batch)


def test_mode_each_calls_the_function_once_per_event(name):
    declare(name, lambda event: {"n": event})

    assert accumulate(name, "each", [1, 2.0, None]) == (['{"n":1}', '{"n":2.0}', '{"n":null}'], [])


def test_numbers_keep_their_type_and_all_digits(name):
    declare(name, lambda event: event)

    assert accumulate(name, "each", [1, 1.0, 2**60, -0.5])[0] == ["1", "1.0", str(2**60), "-0.5"]


def test_value_sizes_are_counted_in_utf_16_units(name):
    declare(name, lambda event: event)

    assert accumulate(name, "each", ["é", "😀x", "plain"])[0] == ['"é"', '"😀x"', '"plain"']


def test_returning_none_drops_the_event(name):
    declare(name, lambda event: event if event > 1 else None)

    assert accumulate(name, "each", [1, 2])[0] == [NONE, "2"]


def test_an_exception_for_one_event_does_not_stop_the_others(name):
    def halve(event):
        return 1 // event

    declare(name, halve)

    values, errors = accumulate(name, "each", [1, 0, 1])

    assert values == ["1", RAISED, "1"]
    (error,) = errors
    assert error["type"] == "ZeroDivisionError"
    assert error["message"].startswith(f"source '{name}' raised exception: ZeroDivisionError: ")
    assert f", in {halve.__code__.co_name}" in error["traceback"].splitlines()[1]


def test_system_exit_fails_its_event(name):
    def leave(event):
        raise SystemExit(3)

    declare(name, leave)

    assert accumulate(name, "each", [1])[1][0]["message"] == f"source '{name}' raised exception: SystemExit: 3"


def test_a_value_that_is_not_json_fails_only_its_event(name):
    declare(name, lambda event: {"at": 1j} if event else event)

    values, errors = accumulate(name, "each", [1, 0])

    assert values == [RAISED, "0"]
    assert errors[0]["type"] == "TypeError"
    assert "unsupported type complex at ['at']" in errors[0]["message"]
    assert name in errors[0]["message"]


def test_mode_batch_calls_the_function_once_with_the_list_of_events(name):
    declare(name, lambda events: {"count": len(events), "events": events})

    assert accumulate(name, "batch", [1, 2])[0] == ['{"count":2,"events":[1,2]}']


def test_mode_poll_calls_the_function_once_without_arguments(name):
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


def test_every_event_of_an_undeclared_source_fails():
    values, errors = accumulate("nobody declared this", "each", [1, 2])

    assert values == [RAISED, RAISED]
    assert errors[1] == {
        "type": "LookupError",
        "message": "source 'nobody declared this' is no longer declared in this process",
        "traceback": "",
    }


def test_a_batch_over_its_time_stops_after_the_current_event(name, monkeypatch):
    clock = Clock(monkeypatch)

    def slow(event):
        clock.now += 0.02
        return event

    declare(name, slow)

    assert accumulate(name, "each", list(range(10)))[0] == ["0", "1", "2"]


def test_an_async_batch_over_its_time_stops_after_the_current_event(name, monkeypatch):
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


def test_a_batch_stops_early_when_its_answer_exceeds_the_size_limit(name, monkeypatch):
    monkeypatch.setattr(flat_values, "MAX_CHARACTERS", 100)
    declare(name, lambda event: "x" * 50)

    values, _ = accumulate(name, "each", [1, 2, 3, 4])

    assert len(values) == 2


def test_a_deadline_fails_the_current_event_and_keeps_earlier_values(name):
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


def test_stopping_an_async_batch_fails_the_current_event(name):
    async def hang(event):
        return event

    declare(name, hang)
    batch = Accumulation(name, "each", "[1,2]")
    awaiting = batch.begin(ledger.current())
    awaiting.awaitable.close()

    assert awaiting.stopped(OVERDUE_OUTCOME) is batch
    assert answer_of(batch)[0] == [OVERDUE]


def test_stopping_a_finished_batch_keeps_all_values(name):
    declare(name, lambda event: event)
    batch = Accumulation(name, "each", "[1]")
    batch.begin(ledger.current())

    assert answer_of(batch.stopped(OVERDUE_OUTCOME))[0] == ["1"]


def test_stopping_a_batch_before_its_first_call_fails_the_first_event():
    batch = Accumulation("s", "each", "[1,2]")

    assert answer_of(batch.stopped(OVERDUE_OUTCOME))[0] == [OVERDUE]


def test_a_value_over_the_size_limit_fails_its_event(name, monkeypatch):
    monkeypatch.setattr(flat_values, "MAX_CHARACTERS", 10)
    monkeypatch.setattr(flat_values, "_MAX_VALUE", 10)
    declare(name, lambda event: "x" * event)

    values, errors = accumulate(name, "each", [3, 20])

    assert values == ['"xxx"', RAISED]
    assert errors[0]["type"] == "OverflowError"
