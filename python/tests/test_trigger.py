"""The `trigger` decorator in both forms (`on` and `workflow`). `test_misuse.py` tests invalid arguments."""

from __future__ import annotations

import functools

import pytest
from declared import trigger_as_data

import cloaca
from cloaca._declarations import ledger


def test_the_trigger_decorator_returns_the_same_function(name):
    def function():
        return cloaca.TriggerResult.skip()

    assert cloaca.trigger(on="wf", name=name)(function) is function
    assert function().is_skip_result()


def test_a_trigger_is_sent_to_the_engine_with_its_file_and_line(name):
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
        "priority": None,
        "takesState": False,
        "unfilled": [],
        "function": "function",
        "tags": None,
        "description": "Asks.\n\nOften.",
    }


NO_POLICY = {
    **dict.fromkeys(["timeoutMs", "jitterMs", "maxActive", "pauseAfter", "expectFireMs", "keyTtlMs"]),
    "onChange": False,
}


@pytest.mark.parametrize(
    ("keywords", "policy"),
    [
        ({"timeout": "5s"}, {"timeoutMs": 5_000}),
        ({"jitter": " 250ms "}, {"jitterMs": 250}),
        ({"jitter": "0s"}, {"jitterMs": 0}),
        ({"max_active": 3}, {"maxActive": 3}),
        ({"pause_after": 1}, {"pauseAfter": 1}),
        ({"on_change": True}, {"onChange": True}),
        ({"expect_fire": "26h"}, {"expectFireMs": 93_600_000}),
        (dict.fromkeys(["timeout", "jitter", "max_active", "pause_after", "catchup", "expect_fire"]), {}),
    ],
)
def test_the_keywords_of_a_trigger_set_its_policy(name, keywords, policy):
    cloaca.trigger(on="wf", name=name, **keywords)(lambda: False)

    assert trigger_as_data(name)["policy"] == {**NO_POLICY, **policy}


def test_a_cron_trigger_can_have_an_expected_firing_and_tags(name):
    tags = {"team": "data"}
    cloaca.trigger(on="wf", name=name, cron="0 2 * * *", expect_fire="1d", tags=tags)(lambda: False)
    tags["team"] = "changed later"

    wire = trigger_as_data(name)
    assert wire["policy"] == {**NO_POLICY, "expectFireMs": 86_400_000}
    assert wire["tags"] == {"team": "data"}


@pytest.mark.parametrize("catchup", ["skip", "all", "none"])
def test_catchup_sets_the_handling_of_missed_times_of_a_cron_trigger(name, catchup):
    cloaca.trigger(on="wf", name=name, cron="0 2 * * *", catchup=catchup)(lambda: False)

    assert trigger_as_data(name)["timing"]["catchup"] == catchup


def test_a_trigger_is_named_after_its_function():
    @cloaca.trigger(on="wf")
    def a_trigger_named_after_its_function():
        return False

    assert trigger_as_data("a_trigger_named_after_its_function")["allowConcurrent"] is False


def test_a_trigger_without_a_workflow_starts_the_workflow_of_its_own_name(name):
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
def test_the_default_poll_interval_is_30_s_with_on_and_5_s_with_workflow(name, spelling, interval_ms):
    cloaca.trigger(name=name, **spelling)(lambda: False)

    assert trigger_as_data(name)["timing"] == {"kind": "poll", "intervalMs": interval_ms}


def test_the_workflow_of_a_trigger_may_be_given_by_position(name):
    cloaca.trigger("wf", name=name)(lambda: False)

    assert trigger_as_data(name)["workflow"] == "wf"
    assert trigger_as_data(name)["timing"]["intervalMs"] == 5_000


def test_the_default_time_zone_of_a_cron_trigger_is_utc(name):
    cloaca.trigger(on="wf", name=name, cron="0 2 * * *")(lambda: False)
    assert trigger_as_data(name)["timing"] == {
        "kind": "cron",
        "expression": "0 2 * * *",
        "timezone": "UTC",
        "catchup": "skip",
    }

    cloaca.trigger(on="wf", name=name, cron="0 2 * * *", timezone="Europe/Paris")(lambda: False)
    assert trigger_as_data(name)["timing"]["timezone"] == "Europe/Paris"


def test_a_time_zone_without_cron_is_ignored(name):
    cloaca.trigger(on="wf", name=name, timezone="Europe/Paris")(lambda: False)

    assert trigger_as_data(name)["timing"]["kind"] == "poll"


def test_the_last_trigger_declared_with_a_name_replaces_earlier_ones(name):
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


def test_the_place_of_a_wrapped_trigger_is_the_line_of_its_inner_function(name):
    def function():
        return False

    @functools.wraps(function)
    def wrapper():
        return function()

    cloaca.trigger(on="wf", name=name)(wrapper)

    assert trigger_as_data(name)["line"] == function.__code__.co_firstlineno


def test_take_pending_returns_the_triggers_declared_since_the_last_call(name):
    ledger.take_pending()

    cloaca.trigger(on="first", name=name)(lambda: False)
    cloaca.trigger(on="other", name=f"{name}-other")(lambda: False)
    cloaca.trigger(on="second", name=name)(lambda: False)

    [(number, taken)] = ledger.take_pending()
    assert number == ledger.current().number
    assert [(item["name"], item["workflow"]) for item in taken] == [(f"{name}-other", "other"), (name, "second")]
    assert ledger.take_pending() == []


def test_declaring_a_trigger_notifies_the_engine(name, monkeypatch):
    calls = []
    monkeypatch.setattr(ledger.bridge, "has_engine", lambda: True)
    monkeypatch.setattr(ledger.bridge, "announce", lambda: calls.append("announced"))

    cloaca.trigger(on="wf", name=name)(lambda: False)

    assert calls == ["announced"]


def test_fire_copies_its_context():
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
def test_a_trigger_result_shows_whether_it_fires(result, fires, text):
    assert result.is_fire_result() is fires
    assert result.is_skip_result() is not fires
    assert repr(result) == text
    assert bool(result)


def test_a_trigger_result_is_equal_only_to_itself():
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
def test_the_repr_of_a_skip_shows_its_reason_in_one_line(reason, shown):
    result = cloaca.TriggerResult.skip(reason)

    assert repr(result) == shown
    assert result.is_skip_result()


@pytest.mark.parametrize("reason", [1, b"locked", ["locked"], cloaca.Context()])
def test_a_skip_reason_that_is_not_a_str_is_refused(reason):
    with pytest.raises(TypeError, match="argument 'reason': expected str, got"):
        cloaca.TriggerResult.skip(reason=reason)
