"""`TaskHandle`: giving the slot back while waiting. The engine is stood in for at the bridge."""

from __future__ import annotations

import asyncio

import pytest

import cloaca
from cloaca._border import bridge
from cloaca._engine import attempt as _attempt


@pytest.fixture
def engine(monkeypatch):
    """The calls that reach the engine, in order."""
    calls = []
    monkeypatch.setattr(bridge, "call", lambda method, payload: calls.append((method, payload)))
    # A sleep of 0 is none of the body's: a stack that computes for long gives way so, on a busy machine anywhere.
    monkeypatch.setattr(bridge, "sleep_ms", lambda ms: calls.append(("sleep", ms)) if ms > 0 else None)
    return calls


def attempt(name, body):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="step", retry_attempts=1)(body)
    return _attempt.run(name, "step", "{}", 7)


def test_a_wait_gives_the_slot_back_sleeps_before_it_asks_and_takes_a_slot_again(name, engine):
    answers = [False, True]

    def body(ctx, handle):
        handle.defer_until(lambda: engine.append("asked") or answers.pop(0), 200)
        return ctx

    assert attempt(name, body)[0] == "completed"
    assert engine == [
        ("slot.release", {"task": 7}),
        ("sleep", 200),
        "asked",
        ("sleep", 200),
        "asked",
        ("slot.acquire", {"task": 7}),
    ]


def test_a_wait_asks_every_second_unless_told_otherwise(name, engine):
    def body(ctx, task_handle):
        task_handle.defer_until(lambda: True)

    attempt(name, body)

    assert ("sleep", 1000) in engine


class Enough(BaseException):
    pass


@pytest.mark.parametrize("kind", [ValueError, asyncio.CancelledError, Enough])
def test_a_condition_that_raises_counts_as_false_and_is_printed(name, engine, capsys, kind):
    answers = [kind("of the script"), True]

    def condition():
        answer = answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def body(ctx, handle):
        handle.defer_until(condition, 1)
        return ctx

    assert attempt(name, body)[0] == "completed"
    assert capsys.readouterr().err == f"[cloaca] defer_until condition error: {kind.__name__}: of the script\n"


def test_the_slot_is_held_before_and_after_but_not_while_waiting(name, engine):
    seen = []

    def body(ctx, handle):
        seen.append(handle.is_slot_held())
        handle.defer_until(lambda: seen.append(handle.is_slot_held()) or True, 1)
        seen.append(handle.is_slot_held())

    attempt(name, body)

    assert seen == [True, False, True]


def test_a_body_may_wait_several_times(name, engine):
    def body(ctx, handle):
        handle.defer_until(lambda: True, 1)
        handle.defer_until(lambda: True, 2)

    attempt(name, body)

    assert [call[1] for call in engine if call[0] == "sleep"] == [1, 2]


@pytest.mark.parametrize("junk", [None, 1, "yes", [1]])
def test_an_answer_that_is_no_bool_counts_as_false(name, engine, junk):
    answers = [junk, True]

    def body(ctx, handle):
        handle.defer_until(lambda: answers.pop(0), 1)

    assert attempt(name, body)[0] == "completed"
    assert answers == []


def test_a_condition_that_raises_is_printed_and_counts_as_false(name, engine, capsys):
    answers = [False, True]

    def condition():
        if not answers.pop(0):
            raise OSError("not there")
        return True

    def body(ctx, handle):
        handle.defer_until(condition, 1)

    assert attempt(name, body)[0] == "completed"
    assert capsys.readouterr().err == "[cloaca] defer_until condition error: OSError: not there\n"


def test_a_handle_is_of_no_use_after_its_body(name, engine):
    kept = []

    def body(ctx, handle):
        kept.append(handle)

    attempt(name, body)

    for use in (lambda: kept[0].is_slot_held(), lambda: kept[0].defer_until(lambda: True)):
        with pytest.raises(ValueError, match="already been consumed"):
            use()


def test_a_handle_is_of_no_use_after_a_body_that_failed(name, engine):
    kept = []

    def body(ctx, handle):
        kept.append(handle)
        raise ValueError

    attempt(name, body)

    with pytest.raises(ValueError, match="already been consumed"):
        kept[0].is_slot_held()


def test_a_refusal_of_the_engine_is_a_value_error(name, monkeypatch):
    def refuse(method, payload):
        raise RuntimeError("shutting down")

    monkeypatch.setattr(bridge, "call", refuse)

    def body(ctx, handle):
        handle.defer_until(lambda: True, 1)

    message = attempt(name, body)[3]

    assert message == "Python task execution failed: ValueError: defer_until failed: shutting down"


@pytest.mark.parametrize(
    ("use", "error"),
    [
        (lambda handle: handle.defer_until("text"), "TypeError"),
        (lambda handle: handle.defer_until(lambda: True, "1"), "TypeError"),
        (lambda handle: handle.defer_until(lambda: True, 1.5), "TypeError"),
        (lambda handle: handle.defer_until(lambda: True, -1), "OverflowError"),
        (lambda handle: handle.defer_until(), "TypeError"),
    ],
)
def test_arguments_are_checked_before_the_slot_is_given_back(name, engine, use, error):
    assert attempt(name, lambda ctx, handle: use(handle))[2] == error
    # In the engine, a stack that computes for long gives the others a turn in between.
    assert [step for step in engine if step != ("sleep", 0)] == []
