"""`TaskHandle`: a task waits without its slot, and reads its execution. The test replaces the engine at the bridge."""

from __future__ import annotations

import asyncio

import pytest
from outcomes import outcome_of

import cloaca
from cloaca._border import bridge
from cloaca._engine import attempt as _attempt

#: Answers of the engine, with the text of a context.
ANSWERS = {
    "execution.input": (None, '{"order_id":7}'),
    "execution.failures": ([{"task": "fetch", "type": "ValueError", "message": "boom", "attempts": 3}], ""),
    "execution.traceback": ("Traceback …", ""),
}


@pytest.fixture
def engine(monkeypatch):
    """Replaces the engine, and records its requests in order."""
    calls = []

    def ask(method, payload, text, origin):
        calls.append((method, payload, origin))
        return ANSWERS[method]

    monkeypatch.setattr(bridge, "call_with_context", ask)
    monkeypatch.setattr(bridge, "call", lambda method, payload: calls.append((method, payload)))
    # Sleeps of 0 ms are left out: a stack that computes for long yields with them, so they may occur anywhere.
    monkeypatch.setattr(bridge, "sleep_ms", lambda ms: calls.append(("sleep", ms)) if ms > 0 else None)
    return calls


def attempt(name, body):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="step", retry_attempts=1)(body)
    return outcome_of(_attempt.run(name, "step", "{}", 7))


def test_defer_until_releases_the_slot_sleeps_before_each_check_and_acquires_a_slot(name, engine):
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


def test_defer_until_checks_its_condition_every_second_by_default(name, engine):
    def body(ctx, task_handle):
        task_handle.defer_until(lambda: True)

    attempt(name, body)

    assert ("sleep", 1000) in engine


class Enough(BaseException):
    pass


@pytest.mark.parametrize("kind", [ValueError, asyncio.CancelledError, Enough])
def test_an_exception_in_a_condition_is_printed_and_counts_as_false(name, engine, capsys, kind):
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


def test_the_slot_is_held_before_and_after_defer_until_but_not_during_it(name, engine):
    seen = []

    def body(ctx, handle):
        seen.append(handle.is_slot_held())
        handle.defer_until(lambda: seen.append(handle.is_slot_held()) or True, 1)
        seen.append(handle.is_slot_held())

    attempt(name, body)

    assert seen == [True, False, True]


def test_a_body_may_defer_several_times(name, engine):
    def body(ctx, handle):
        handle.defer_until(lambda: True, 1)
        handle.defer_until(lambda: True, 2)

    attempt(name, body)

    assert [call[1] for call in engine if call[0] == "sleep"] == [1, 2]


@pytest.mark.parametrize("junk", [None, 1, "yes", [1]])
def test_a_condition_result_that_is_not_a_bool_counts_as_false(name, engine, junk):
    answers = [junk, True]

    def body(ctx, handle):
        handle.defer_until(lambda: answers.pop(0), 1)

    assert attempt(name, body)[0] == "completed"
    assert answers == []


def test_an_os_error_in_a_condition_is_printed_and_counts_as_false(name, engine, capsys):
    answers = [False, True]

    def condition():
        if not answers.pop(0):
            raise OSError("not there")
        return True

    def body(ctx, handle):
        handle.defer_until(condition, 1)

    assert attempt(name, body)[0] == "completed"
    assert capsys.readouterr().err == "[cloaca] defer_until condition error: OSError: not there\n"


def test_the_input_is_a_context_that_is_requested_at_its_first_use_with_the_number_of_the_attempt(name, engine):
    def body(ctx, handle):
        assert engine == []
        assert handle.input["order_id"] == 7
        assert isinstance(handle.input, cloaca.Context)
        return handle.input

    assert attempt(name, body)[:2] == ("completed", '{"order_id":7}')
    assert engine == [("execution.input", {}, 7)]


@pytest.mark.parametrize(
    "change",
    [
        lambda context: context.set("order_id", 8),
        lambda context: context.insert("other", 8),
        lambda context: context.update("order_id", 8),
        lambda context: context.remove("order_id"),
        lambda context: context.update_from_dict({"order_id": 8}),
        lambda context: context.__setitem__("order_id", 8),
        lambda context: context.__delitem__("order_id"),
    ],
)
def test_the_input_rejects_changes(name, engine, change):
    def body(ctx, handle):
        with pytest.raises(TypeError, match=r"this context is read-only\. Change a copy of it"):
            change(handle.input)
        copy = cloaca.Context(handle.input.to_dict())
        copy.set("order_id", 8)
        assert handle.input["order_id"] == 7

    assert attempt(name, body)[0] == "completed"


def test_failures_are_requested_once_and_returned_as_a_new_dict(name, engine):
    expected = {"fetch": {"type": "ValueError", "message": "boom", "attempts": 3}}

    def body(ctx, handle):
        handle.failures["fetch"]["type"] = "changed"
        handle.failures.clear()
        assert handle.failures == expected

    assert attempt(name, body)[0] == "completed"
    assert engine == [("execution.failures", {}, 7)]


def test_a_traceback_is_requested_by_the_id_of_its_task(name, engine):
    def body(ctx, handle):
        assert handle.traceback("fetch") == "Traceback …"

    assert attempt(name, body)[0] == "completed"
    assert engine == [("execution.traceback", {"task": "fetch"}, 7)]


@pytest.mark.parametrize("junk", [None, 1, b"fetch"])
def test_a_traceback_is_requested_only_with_a_text(name, engine, junk):
    assert attempt(name, lambda ctx, handle: handle.traceback(junk))[2] == "TypeError"
    assert engine == []


def test_a_task_that_does_not_use_the_facts_requests_nothing(name, engine):
    attempt(name, lambda ctx, handle: ctx)

    assert engine == []


READS = {
    "input": lambda handle: handle.input,
    "failures": lambda handle: handle.failures,
    "traceback": lambda handle: handle.traceback("fetch"),
}


@pytest.mark.parametrize("fact", READS)
def test_a_fact_raises_value_error_after_its_body_ended_also_if_it_was_read_before(name, engine, fact):
    kept = []

    def body(ctx, handle):
        READS[fact](handle)
        kept.append(handle)

    attempt(name, body)

    with pytest.raises(ValueError, match="already been consumed"):
        READS[fact](kept[0])


@pytest.mark.parametrize("fact", READS)
def test_an_error_of_the_engine_in_a_fact_is_raised_as_value_error(name, monkeypatch, fact):
    def refuse(method, payload, text, origin):
        raise RuntimeError("shutting down")

    monkeypatch.setattr(bridge, "call_with_context", refuse)

    message = attempt(name, lambda ctx, handle: READS[fact](handle))[3]

    assert message == f"Python task execution failed: ValueError: {fact} failed: shutting down"


def test_using_a_handle_after_its_body_ended_raises_value_error(name, engine):
    kept = []

    def body(ctx, handle):
        kept.append(handle)

    attempt(name, body)

    for use in (lambda: kept[0].is_slot_held(), lambda: kept[0].defer_until(lambda: True)):
        with pytest.raises(ValueError, match="already been consumed"):
            use()


def test_using_a_handle_after_its_body_failed_raises_value_error(name, engine):
    kept = []

    def body(ctx, handle):
        kept.append(handle)
        raise ValueError

    attempt(name, body)

    with pytest.raises(ValueError, match="already been consumed"):
        kept[0].is_slot_held()


def test_an_error_of_the_engine_in_defer_until_is_raised_as_value_error(name, monkeypatch):
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
def test_invalid_arguments_are_refused_before_the_slot_is_released(name, engine, use, error):
    assert attempt(name, lambda ctx, handle: use(handle))[2] == error
    # Sleeps of 0 ms may occur: in the engine, a stack that computes for long yields to the others.
    assert [step for step in engine if step != ("sleep", 0)] == []
