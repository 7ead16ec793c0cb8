"""Lists of firings, and keys, without the engine."""

from __future__ import annotations

import pytest
from declared import trigger_as_data

import cloaca
from cloaca import Context, TriggerResult
from cloaca._declarations import ledger
from cloaca._engine import poll as _poll

fire = TriggerResult.fire


def declare(name, function, **options):
    return cloaca.trigger(on="wf", name=name, **options)(function)


def poll(name):
    return _poll.poll(ledger.current().poll_numbers[name])


def error(outcome):
    assert outcome.kind == "failed"
    return (outcome.type, outcome.message)


def test_on_change_with_a_list_fails_the_poll(name):
    declare(name, lambda: [fire()], on_change=True)

    kind, message = error(poll(name))
    assert kind == "TypeError"
    assert message.startswith(f"trigger '{name}' has `on_change`, so it cannot return a list")


@pytest.mark.parametrize("wrong", [TriggerResult.skip("x"), True, Context(), None, "row"])
def test_a_list_with_another_item_fails_the_poll_with_its_index(name, wrong):
    declare(name, lambda: [fire(), wrong, fire()])

    shown = "TriggerResult.Skip('x')" if type(wrong) is TriggerResult else type(wrong).__name__
    assert error(poll(name)) == (
        "TypeError",
        f"trigger '{name}' must return a list of only TriggerResult.fire(…), but item 1 is {shown}",
    )


@pytest.mark.parametrize("several", [(fire(),), iter([fire()])])
def test_a_tuple_and_an_iterator_are_not_lists(name, several):
    declare(name, lambda: several)

    assert error(poll(name))[1].startswith(f"trigger '{name}' must return TriggerResult or bool, got ")


def test_a_list_has_at_most_1000_firings(name):
    count = [1_000]
    declare(name, lambda: [fire()] * count[0])

    assert len(poll(name).firings) == 1_000
    count[0] = 1_001
    assert error(poll(name)) == (
        "ValueError",
        f"trigger '{name}' returned 1,001 firings, but the maximum is 1,000: return the others at the next poll",
    )


def test_an_empty_list_is_a_skip_without_a_reason(name):
    declare(name, list)

    assert poll(name) is _poll.SKIPPED


@pytest.mark.parametrize("key", ["k", "é" * 256, "x" * 512, "a b/ö"])
def test_a_key_has_1_to_512_bytes(key):
    assert fire(key=key)._key == key
    assert repr(fire(key=key)) == f"TriggerResult.Fire(None, key={key!r})"


@pytest.mark.parametrize(("ttl", "policy"), [("90d", 7_776_000_000), ("never", "never"), (None, None)])
def test_key_ttl_is_sent_to_the_engine(name, ttl, policy):
    declare(name, lambda: False, key_ttl=ttl)

    assert trigger_as_data(name)["policy"]["keyTtlMs"] == policy


class Engine:
    def __init__(self):
        self.calls = []

    def polled(self, *arguments):
        self.calls.append(arguments)


def test_sizes_of_contexts_are_reported_in_utf_16_units(name):
    declare(name, lambda: [fire(Context({"a": "😀"}), key="k"), fire(), fire(Context())])
    engine = Engine()

    poll(name).report(engine, 7)

    assert engine.calls == [(7, '{"a":"😀"}{}', "[10, -1, 2]", '["k", null, null]', None, True, None)]
