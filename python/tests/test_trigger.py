"""The `trigger` decorator: what it declares, in both spellings. (What it refuses: test_misuse.py.)"""

from __future__ import annotations

import functools

import pytest
from declared import trigger_as_data

import cloaca
from cloaca._declarations import ledger


def test_a_decorated_function_stays_the_same_function(name):
    def function():
        return cloaca.TriggerResult.skip()

    assert cloaca.trigger(on="wf", name=name)(function) is function
    assert function().is_skip_result()


def test_a_trigger_is_sent_to_the_engine_with_its_place(name):
    @cloaca.trigger(on="wf", name=name, poll_interval="250ms", allow_concurrent=True)
    def function():
        """Asks.

        Often.
        """
        return False

    wire = trigger_as_data(name)
    assert wire.pop("pollNumber") > 0
    assert wire.pop("file") == function.__code__.co_filename
    assert wire.pop("line") == function.__code__.co_firstlineno
    assert wire == {
        "kind": "trigger",
        "name": name,
        "workflow": "wf",
        "timing": {"kind": "poll", "intervalMs": 250},
        "allowConcurrent": True,
        "policy": NO_POLICY,
        "description": "Asks.\n\nOften.",
    }


NO_POLICY = {"timeoutMs": None, "jitterMs": None, "maxActive": None, "pauseAfter": None, "onChange": False}


@pytest.mark.parametrize(
    ("keywords", "policy"),
    [
        ({"timeout": "5s"}, {"timeoutMs": 5_000}),
        ({"jitter": " 250ms "}, {"jitterMs": 250}),
        ({"jitter": "0s"}, {"jitterMs": 0}),
        ({"max_active": 3}, {"maxActive": 3}),
        ({"pause_after": 1}, {"pauseAfter": 1}),
        ({"on_change": True}, {"onChange": True}),
        (dict.fromkeys(["timeout", "jitter", "max_active", "pause_after", "catchup"]), {}),
    ],
)
def test_a_trigger_has_the_policy_that_its_keywords_say(name, keywords, policy):
    cloaca.trigger(on="wf", name=name, **keywords)(lambda: False)

    assert trigger_as_data(name)["policy"] == {**NO_POLICY, **policy}


@pytest.mark.parametrize("catchup", ["skip", "all", "none"])
def test_a_cron_trigger_says_what_becomes_of_missed_instants(name, catchup):
    cloaca.trigger(on="wf", name=name, cron="0 2 * * *", catchup=catchup)(lambda: False)

    assert trigger_as_data(name)["timing"]["catchup"] == catchup


def test_a_trigger_is_named_after_its_function():
    @cloaca.trigger(on="wf")
    def a_trigger_named_after_its_function():
        return False

    assert trigger_as_data("a_trigger_named_after_its_function")["allowConcurrent"] is False


def test_a_trigger_without_target_starts_the_workflow_of_its_own_name(name):
    cloaca.trigger(name=name)(lambda: False)

    assert trigger_as_data(name)["workflow"] == name


@pytest.mark.parametrize(
    ("spelling", "interval_ms"),
    [
        ({}, 30_000),
        ({"on": "wf"}, 30_000),
        ({"workflow": "wf"}, 5_000),
        ({"workflow": "wf", "on": "wf"}, 5_000),
        ({"workflow": "wf", "poll_interval": "7"}, 7_000),
        ({"workflow": "wf", "poll_interval": "1h"}, 3_600_000),
        ({"on": "wf", "poll_interval": "0s"}, 0),
    ],
)
def test_the_interval_follows_the_spelling(name, spelling, interval_ms):
    cloaca.trigger(name=name, **spelling)(lambda: False)

    assert trigger_as_data(name)["timing"] == {"kind": "poll", "intervalMs": interval_ms}


def test_the_target_may_be_given_by_position(name):
    cloaca.trigger("wf", name=name)(lambda: False)

    assert trigger_as_data(name)["workflow"] == "wf"
    assert trigger_as_data(name)["timing"]["intervalMs"] == 5_000


def test_a_cron_trigger_has_a_zone_which_is_utc_unless_given(name):
    cloaca.trigger(on="wf", name=name, cron="0 2 * * *")(lambda: False)
    assert trigger_as_data(name)["timing"] == {
        "kind": "cron",
        "expression": "0 2 * * *",
        "timezone": "UTC",
        "catchup": "skip",
    }

    cloaca.trigger(on="wf", name=name, cron="0 2 * * *", timezone="Europe/Paris")(lambda: False)
    assert trigger_as_data(name)["timing"]["timezone"] == "Europe/Paris"


def test_a_zone_without_cron_is_ignored(name):
    cloaca.trigger(on="wf", name=name, timezone="Europe/Paris")(lambda: False)

    assert trigger_as_data(name)["timing"]["kind"] == "poll"


def test_the_last_declaration_of_a_name_wins(name):
    cloaca.trigger(on="first", name=name)(lambda: False)
    cloaca.trigger(on="second", name=name)(lambda: False)

    assert trigger_as_data(name)["workflow"] == "second"


def test_any_callable_with_a_name_can_be_a_trigger(name):
    class Check:
        def __call__(self):
            return False

        def method(self):
            return False

    cloaca.trigger(on="wf", name=name)(Check())
    assert trigger_as_data(name)["file"] is None

    cloaca.trigger(on="wf", name=name)(Check().method)
    assert trigger_as_data(name)["line"] == Check.method.__code__.co_firstlineno


def test_a_wrapped_function_is_placed_where_the_function_is_written(name):
    def function():
        return False

    @functools.wraps(function)
    def wrapper():
        return function()

    cloaca.trigger(on="wf", name=name)(wrapper)

    assert trigger_as_data(name)["line"] == function.__code__.co_firstlineno


def test_the_engine_gets_what_was_declared_since_it_last_asked(name):
    ledger.take_pending()

    cloaca.trigger(on="first", name=name)(lambda: False)
    cloaca.trigger(on="other", name=f"{name}-other")(lambda: False)
    cloaca.trigger(on="second", name=name)(lambda: False)

    [(number, taken)] = ledger.take_pending()
    assert number == ledger.current().number
    assert [(item["name"], item["workflow"]) for item in taken] == [(f"{name}-other", "other"), (name, "second")]
    assert ledger.take_pending() == []


def test_the_engine_is_called_when_something_is_declared(name, monkeypatch):
    calls = []
    monkeypatch.setattr(ledger.bridge, "has_engine", lambda: True)
    monkeypatch.setattr(ledger.bridge, "announce", lambda: calls.append("announced"))

    cloaca.trigger(on="wf", name=name)(lambda: False)

    assert calls == ["announced"]


def test_a_fired_context_is_copied_when_the_result_is_made():
    context = cloaca.Context({"n": 1.0})

    result = cloaca.TriggerResult.fire(context)
    context.set("n", 2)

    assert result._text == '{"n":1.0}'


@pytest.mark.parametrize(
    ("result", "fires", "text"),
    [
        (cloaca.TriggerResult.skip(), False, "TriggerResult.Skip"),
        (cloaca.TriggerResult.fire(), True, "TriggerResult.Fire(None)"),
        (cloaca.TriggerResult.fire(None), True, "TriggerResult.Fire(None)"),
        (cloaca.TriggerResult.fire(cloaca.Context()), True, "TriggerResult.Fire(<context>)"),
    ],
)
def test_a_result_says_whether_it_fires(result, fires, text):
    assert result.is_fire_result() is fires
    assert result.is_skip_result() is not fires
    assert repr(result) == text
    assert bool(result)


def test_results_are_equal_to_themselves_only():
    result = cloaca.TriggerResult.skip()

    assert result == result
    assert cloaca.TriggerResult.skip() != cloaca.TriggerResult.skip()


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (None, "TriggerResult.Skip"),
        ("locked", "TriggerResult.Skip('locked')"),
        ("  two\nlines ", "TriggerResult.Skip('two lines')"),
        (" ", "TriggerResult.Skip"),
        ("half \ud83d", "TriggerResult.Skip('half ?')"),
        ("x" * 500, f"TriggerResult.Skip('{'x' * 500}')"),
        ("x" * 10_000_000, f"TriggerResult.Skip('{'x' * 499}…')"),
    ],
)
def test_a_skip_may_say_why_in_one_line(reason, shown):
    result = cloaca.TriggerResult.skip(reason)

    assert repr(result) == shown
    assert result.is_skip_result()


@pytest.mark.parametrize("reason", [1, b"locked", ["locked"], cloaca.Context()])
def test_the_reason_of_a_skip_is_text(reason):
    with pytest.raises(TypeError, match="argument 'reason': expected str, got"):
        cloaca.TriggerResult.skip(reason=reason)
