"""State that a trigger function receives, without the engine."""

from __future__ import annotations

import datetime
import functools
import inspect
import json

import pytest
from declared import trigger_as_data
from outcomes import outcome_of

import cloaca
from cloaca import Context, TriggerResult
from cloaca._border.calls import Awaiting, awaited
from cloaca._declarations import ledger
from cloaca._engine import poll as _poll
from cloaca._values import polled_state

fire = TriggerResult.fire


def declare(name, function, **options):
    return cloaca.trigger(on="wf", name=name, **options)(function)


def poll(name, state=None):
    number = ledger.current().poll_numbers[name]
    result = _poll.poll(number) if state is None else _poll.poll_with_state(number, state)
    if isinstance(result, Awaiting):
        result = result.ended(awaited(result.awaitable), None)
    return result


def parts(outcome):
    return (outcome.kind, outcome.reason, outcome.firings, outcome.is_list, outcome.state_text)


def error(outcome):
    assert outcome.kind == "failed"
    return (outcome.type, outcome.message)


class Callable:
    def method(self, state):
        return False

    def __call__(self, state):
        return False


def logged(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        return function(*args, **kwargs)

    return call


def with_session(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        return function("session", *args, **kwargs)

    return call


def by_position(state):
    state["n"] = 1


def positional_only(state, /):
    state["n"] = 1


def by_name(*, state):
    state["n"] = 1


def with_a_default(state, count=3):
    state["n"] = count


@pytest.mark.parametrize("function", [by_position, positional_only, by_name, with_a_default, logged(by_position)])
def test_a_function_with_a_required_parameter_state_receives_its_state(name, function):
    @functools.wraps(function)
    def polled(*args, **kwargs):
        function(*args, **kwargs)
        return False

    declare(name, polled)

    assert trigger_as_data(name)["takesState"] is True
    assert json.loads(poll(name, "{}").state_text) in ({"n": 1}, {"n": 3})


@pytest.mark.parametrize("function", [Callable(), Callable().method, functools.partial(lambda a, state: False, 1)])
def test_a_callable_with_a_required_parameter_state_takes_state(name, function):
    declare(name, function)

    assert trigger_as_data(name)["takesState"] is True
    assert outcome_of(poll(name, "{}"))[0] == "skipped"


def test_a_parameter_with_a_default_value_is_never_filled(name):
    seen = []
    declare(name, lambda state=(): bool(seen.append(state)))

    assert trigger_as_data(name)["takesState"] is False
    assert outcome_of(poll(name, '{"n":1}'))[0] == "skipped"
    assert seen == [()]


@pytest.mark.parametrize(
    ("function", "unfilled"),
    [
        (lambda db: False, ["db"]),
        (lambda db, state: False, ["db"]),
        (lambda state, db, *, mode: False, ["db", "mode"]),
        (lambda *args, **kwargs: False, []),
        (with_session(lambda session: False), []),
        (functools.partial(lambda db: False, 1), []),
        (print, []),
    ],
)
def test_other_required_parameters_are_sent_to_the_engine_unless_a_wrapper_may_pass_them(name, function, unfilled):
    declare(name, function)

    assert trigger_as_data(name)["unfilled"] == unfilled


def test_a_poll_of_a_function_that_requires_another_parameter_fails(name):
    declare(name, lambda db: False)

    kind, message = error(poll(name))
    assert kind == "TypeError"
    assert "missing 1 required positional argument: 'db'" in message


def test_a_wrapper_that_passes_the_required_parameter_itself_is_polled_without_arguments(name):
    declare(name, with_session(lambda session: session == "session"))

    assert trigger_as_data(name)["takesState"] is False
    assert outcome_of(poll(name))[0] == "fired"


def test_a_function_with_an_own_signature_is_read_by_that_signature(name):
    def function():
        return False

    function.__signature__ = inspect.signature(lambda state: False)
    declare(name, function)

    assert trigger_as_data(name)["takesState"] is True


def test_the_state_after_a_skip_is_returned_if_it_changed(name):
    def rows(state):
        state["last"] = state.get("last", 0) + 1
        return TriggerResult.skip("nothing new")

    declare(name, rows)

    assert parts(poll(name, "{}")) == ("skipped", "nothing new", [], False, '{"last":1}')
    assert parts(poll(name, '{"last":7}')) == ("skipped", "nothing new", [], False, '{"last":8}')


def test_an_unchanged_state_is_not_returned_and_a_skip_stays_a_plain_skip(name):
    def rows(state):
        state["last"] = state["last"]
        return False

    declare(name, rows)

    assert poll(name, '{"last":1.50}') is _poll.SKIPPED


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda state: state.update(n=2**64 - 1), '{"n":18446744073709551615}'),
        (lambda state: state.update(n=1.0), '{"n":1.0}'),
        (lambda state: state.update(n=True), '{"n":true}'),
        (lambda state: state.update(n=(1, {2})), '{"n":[1,[2]]}'),
        (lambda state: state.update(n=float("nan")), '{"n":null}'),
        (lambda state: state.update(é="ü"), '{"n":1,"é":"ü"}'),
        (lambda state: state.clear(), "{}"),
    ],
)
def test_values_of_a_state_have_the_types_of_contexts(name, change, text):
    def rows(state):
        change(state)
        return False

    declare(name, rows)

    assert poll(name, '{"n":1}').state_text == text


def test_a_list_keeps_the_order_and_keys_of_its_firings_next_to_the_state(name):
    def rows(state):
        state["last"] = 2
        return [fire(Context({"id": 1}), key="row-1"), fire(key="é"), fire(Context({"id": 1.0}))]

    declare(name, rows)
    firings = [('{"id":1}', "row-1"), (None, "é"), ('{"id":1.0}', None)]

    assert parts(poll(name, "{}")) == ("fired", None, firings, True, '{"last":2}')


def test_a_single_firing_returns_the_changed_state_and_is_not_a_list(name):
    def rows(state):
        state["last"] = 1
        return fire(Context({"id": 1}))

    declare(name, rows)

    assert parts(poll(name, "{}")) == ("fired", None, [('{"id":1}', None)], False, '{"last":1}')
    assert outcome_of(poll(name, '{"last":1}'))[:2] == ("fired", '{"id":1}')


def test_an_async_function_receives_its_state_and_can_return_a_list(name):
    async def rows(state):
        state["last"] = 1
        return [fire()]

    declare(name, rows)

    assert parts(poll(name, "{}")) == ("fired", None, [(None, None)], True, '{"last":1}')


def test_a_state_that_an_async_function_leaves_unchanged_is_not_returned(name):
    async def rows(state):
        return True

    declare(name, rows)

    assert outcome_of(poll(name, '{"last":1}'))[:2] == ("fired", None)


def test_a_failed_poll_returns_no_state(name):
    def rows(state):
        state["last"] = 1
        raise OSError("no database")

    declare(name, rows)

    assert error(poll(name, "{}")) == ("OSError", f"trigger '{name}' raised exception: OSError: no database")


def containing_itself():
    value = {}
    value["again"] = value
    return value


@pytest.mark.parametrize(
    ("value", "kind", "why"),
    [
        (datetime.date(2026, 1, 2), "TypeError", 'state["rows"][3]["at"] has type date, which JSON does not have'),
        ({1: 2}, "TypeError", 'state["rows"][3]["at"] has a key of type int, but JSON keys are str'),
        (2**64, "OverflowError", 'state["rows"][3]["at"] is an int that is out of range (-2**63 to 2**64 - 1)'),
        ("\ud800", "UnicodeEncodeError", 'state["rows"][3]["at"] contains half of a surrogate pair'),
        ({"\ud800": 1}, "UnicodeEncodeError", 'state["rows"][3]["at"] has a key that contains half of a surrogate'),
        (containing_itself(), "ValueError", 'state["rows"] is nested more than 511 levels deep, or contains itself'),
        (b"x", "TypeError", 'state["rows"][3]["at"] has type bytes, which JSON does not have'),
    ],
)
def test_a_state_with_another_type_fails_the_poll_with_the_path_of_the_value(name, value, kind, why):
    def rows(state):
        state["good"] = [1, 2]
        state["rows"] = [1, "a", None, {"id": 1, "at": value}]
        return fire()

    declare(name, rows)

    found, message = error(poll(name, "{}"))
    assert found == kind
    assert message.startswith(f"trigger '{name}' cannot store its state: {why}")


def test_a_state_over_the_limit_fails_the_poll_with_its_size_and_its_largest_part(name):
    def rows(state):
        state["rows"] = [1, "é" * 40_000]
        return fire()

    declare(name, rows)

    assert error(poll(name, "{}")) == (
        "ValueError",
        f"trigger '{name}' cannot store its state: it has 80,015 bytes of JSON, but limits.trigger-state allows "
        '65,536, and state["rows"][1] has 80,002 of them',
    )


def test_a_state_with_many_small_parts_over_the_limit_is_reported_without_a_part(name, monkeypatch):
    monkeypatch.setattr(polled_state.Limits, "max_bytes", 20)
    declare(name, lambda state: bool(state.update({str(number): number for number in range(5)})))

    message = error(poll(name, "{}"))[1]
    assert message.endswith("it has 31 bytes of JSON, but limits.trigger-state allows 20")


def test_a_state_of_exactly_the_limit_is_stored(name, monkeypatch):
    monkeypatch.setattr(polled_state.Limits, "max_bytes", 8)
    declare(name, lambda state: bool(state.update(a="é")))
    declare(f"{name}-too-large", lambda state: bool(state.update(a="éa")))

    assert poll(name, "{}").kind == "failed"  # {"a":"é"} has 10 bytes
    monkeypatch.setattr(polled_state.Limits, "max_bytes", 10)
    assert poll(name, "{}").state_text == '{"a":"é"}'
    assert poll(f"{name}-too-large", "{}").kind == "failed"


def test_on_change_with_a_state_is_refused_at_the_declaration(name):
    with pytest.raises(ValueError, match=f"trigger '{name}' takes a state, so it cannot have `on_change`"):
        declare(name, lambda state: False, on_change=True)


def test_a_cron_trigger_sends_that_its_function_takes_state(name):
    declare(name, lambda state: False, cron="@daily")

    assert trigger_as_data(name)["takesState"] is True


def test_an_unchanged_state_is_not_parsed_again_until_its_text_changes(name, monkeypatch):
    texts = []
    loads = json.loads
    monkeypatch.setattr(polled_state.json, "loads", lambda text: texts.append(text) or loads(text))
    declare(name, lambda state: "absent" in state)

    for text in ('{"a":[1]}', '{"a":[1]}', '{"a":[1]}', '{"a":[2]}', '{"a":[2]}', '{"a":[1]}'):
        assert poll(name, text) is _poll.SKIPPED

    assert texts == ['{"a":[1]}', '{"a":[2]}', '{"a":[1]}']


@pytest.mark.parametrize("part", [lambda state: state, lambda state: state["rows"], lambda state: state["rows"][0]])
def test_a_part_of_a_state_that_a_function_has_kept_does_not_change_later_polls(name, part):
    kept = []

    def rows(state):
        kept.append(part(state))
        return False

    declare(name, rows)
    text = '{"rows":[{"id":1}],"more":{}}'

    for _ in range(3):
        outcome = poll(name, text)
        assert outcome is _poll.SKIPPED or outcome.state_text == text
        for each in kept:
            each.clear()


def test_a_state_that_a_poll_has_changed_is_parsed_again(name):
    def rows(state):
        state["rows"].append(len(state["rows"]))
        return False

    declare(name, rows)

    assert poll(name, '{"rows":[]}').state_text == '{"rows":[0]}'
    assert poll(name, '{"rows":[]}').state_text == '{"rows":[0]}'


def test_overlapping_polls_of_an_unchanged_state_have_different_dicts(name):
    seen = []
    declare(name, lambda state: seen.append(dict(state)) or nested(state))

    def nested(state):
        if len(seen) == 2:
            state["n"] = 2
            poll(name, '{"n":1}')
        return False

    assert poll(name, '{"n":1}') is _poll.SKIPPED
    assert poll(name, '{"n":1}').state_text == '{"n":2}'
    assert seen == [{"n": 1}] * 3


def test_kept_states_are_limited(name, monkeypatch):
    monkeypatch.setattr(polled_state, "_MAX_KEPT", 30)
    monkeypatch.setattr(polled_state, "_kept", polled_state._Kept())
    declare(name, lambda state: False)
    declare(f"{name}-other", lambda state: False)

    for _ in range(2):
        assert poll(name, '{"a":"0123456789"}') is _poll.SKIPPED
        assert poll(f"{name}-other", '{"b":"0123456789"}') is _poll.SKIPPED

    assert len(polled_state._kept._states) == 1
