"""Outcome of one call of a trigger function."""

from __future__ import annotations

import asyncio

import pytest
from outcomes import outcome_of

import cloaca
from cloaca._border.stops import Cancelled, DeadlineExceeded
from cloaca._declarations import ledger
from cloaca._engine import poll as _poll


def poll(name):
    return outcome_of(_poll.poll(ledger.current().poll_numbers.get(name, 0)))


def declare(name, function):
    cloaca.trigger(on="wf", name=name)(function)


def returning(value):
    return lambda: value


SKIPPED = ("skipped", None, "", "", "")


@pytest.mark.parametrize("value", [False, cloaca.TriggerResult.skip()])
def test_false_or_skip_is_reported_as_skipped(name, value):
    declare(name, returning(value))

    assert poll(name) == SKIPPED


@pytest.mark.parametrize("value", [True, cloaca.TriggerResult.fire()])
def test_true_or_fire_is_reported_as_fired_without_a_context(name, value):
    declare(name, returning(value))

    assert poll(name) == ("fired", None, "", "", "")


def test_fire_with_a_context_is_reported_with_its_json(name):
    declare(name, lambda: cloaca.TriggerResult.fire(cloaca.Context({"x": 1.0, "n": 2**60, "t": "é"})))

    assert poll(name) == ("fired", '{"x":1.0,"n":1152921504606846976,"t":"é"}', "", "", "")


def test_fire_with_an_empty_context_is_reported_with_an_empty_object(name):
    declare(name, lambda: cloaca.TriggerResult.fire(cloaca.Context()))

    assert poll(name)[:2] == ("fired", "{}")


def test_skip_with_a_reason_is_reported_with_the_reason(name):
    declare(name, returning(cloaca.TriggerResult.skip("no file is older than 5 s")))

    assert poll(name) == ("skipped", "no file is older than 5 s", "", "", "")


def test_an_async_function_is_awaited(name):
    async def function():
        return cloaca.TriggerResult.fire(cloaca.Context({"a": 1}))

    declare(name, function)

    assert poll(name)[:2] == ("fired", '{"a":1}')


@pytest.mark.parametrize(
    ("junk", "type_name"),
    [
        (None, "NoneType"),
        (1, "int"),
        (0, "int"),
        ("fire", "str"),
        ({}, "dict"),
        (cloaca.Context(), "Context"),
        (cloaca.TriggerResult, "type"),
    ],
)
def test_a_function_that_returns_neither_a_bool_nor_a_trigger_result_fails(name, junk, type_name):
    declare(name, returning(junk))

    kind, text, error_type, message, trace = poll(name)

    assert (kind, text, error_type, trace) == ("failed", None, "TypeError", "")
    assert "must return TriggerResult" in message
    assert message.endswith(f"got {type_name}")


def test_an_async_function_that_returns_an_int_fails(name):
    async def function():
        return 1

    declare(name, function)

    assert poll(name)[3].endswith("got int")


def raise_boom():
    raise ValueError("boom")


def test_an_exception_is_reported_with_its_type_message_and_user_traceback(name):
    declare(name, raise_boom)

    kind, text, error_type, message, trace = poll(name)

    assert (kind, text, error_type) == ("failed", None, "ValueError")
    assert message == f"trigger '{name}' raised exception: ValueError: boom"
    lines = trace.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].startswith(f'  File "{raise_boom.__code__.co_filename}", line ')
    assert lines[-1] == "ValueError: boom"


def test_the_traceback_of_an_async_function_begins_in_the_script(name):
    async def function():
        raise_boom()

    declare(name, function)

    trace = poll(name)[4]

    assert __file__.rsplit("/", 1)[-1] in trace.splitlines()[1]


def test_the_cause_of_an_exception_is_part_of_the_traceback(name):
    def function():
        try:
            raise_boom()
        except ValueError as error:
            raise KeyError("outer") from error

    declare(name, function)

    _, _, error_type, message, trace = poll(name)

    assert error_type == "KeyError"
    assert message.endswith("raised exception: KeyError: 'outer'")
    assert trace.index("ValueError: boom") < trace.index("direct cause") < trace.index("KeyError: 'outer'")


def test_a_note_on_an_exception_is_part_of_the_traceback(name):
    def function():
        error = ValueError("boom")
        if not hasattr(error, "add_note"):
            pytest.skip("exceptions have notes from Python 3.11 on")
        error.add_note("while counting")
        raise error

    declare(name, function)

    assert "while counting" in poll(name)[4]


def test_an_exception_whose_str_raises_is_still_reported(name):
    class Unprintable(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    def function():
        raise Unprintable

    declare(name, function)

    kind, _, error_type, message, _ = poll(name)

    assert (kind, error_type) == ("failed", "Unprintable")
    assert "exception str() failed" in message


def test_system_exit_in_a_trigger_function_fails_the_poll(name):
    def function():
        raise SystemExit(3)

    declare(name, function)

    assert poll(name)[:4] == ("failed", None, "SystemExit", f"trigger '{name}' raised exception: SystemExit: 3")


@pytest.mark.parametrize("kind", [asyncio.CancelledError, KeyboardInterrupt, GeneratorExit])
def test_a_base_exception_in_a_trigger_function_fails_the_poll_and_names_the_trigger(name, kind):
    def function():
        raise kind("of the script")

    declare(name, function)

    text = f"{kind.__name__}: of the script"
    assert poll(name)[:4] == ("failed", None, kind.__name__, f"trigger '{name}' raised exception: {text}")


@pytest.mark.parametrize("stop", [DeadlineExceeded, Cancelled])
def test_a_deadline_or_cancellation_in_a_poll_propagates(name, stop):
    def function():
        raise stop

    declare(name, function)

    with pytest.raises(stop):
        poll(name)


def test_polling_an_undeclared_trigger_fails():
    kind, _, _, message, _ = poll("nobody declared this")

    assert kind == "failed"
    assert "no longer declares this trigger" in message


def test_the_last_function_declared_for_a_trigger_is_called(name):
    declare(name, returning(True))
    declare(name, returning(False))

    assert poll(name) == SKIPPED
