"""`limit` and the options for limits and priorities of tasks, workflows and triggers."""

from __future__ import annotations

import inspect
import re

import pytest
from declared import trigger_as_data, workflow_as_data

import cloaca
from cloaca._border.generation import Generation, generations
from cloaca._declarations import ledger

CRM = {"max_active": 3, "rate": "100/1m", "per": "tenant"}


def line():
    return inspect.currentframe().f_back.f_lineno


def limits_sent():
    return {wire["name"]: wire for wire in ledger.take_pending_of(ledger.current()) if wire["kind"] == "limit"}


@pytest.fixture(autouse=True)
def generation(monkeypatch):
    """Gives each test a load of its own, in which no limits are declared."""
    loaded = Generation(-1)
    monkeypatch.setitem(generations, -1, loaded)
    monkeypatch.setattr(ledger, "current", lambda: loaded)


def test_a_limit_is_sent_to_the_engine_with_its_file_and_line_even_if_no_task_uses_it():
    crm, at = cloaca.limit("crm", **CRM), line()

    assert (crm.name, repr(crm)) == ("crm", "Limit(name='crm')")
    assert limits_sent() == {
        "crm": {
            "kind": "limit",
            "name": "crm",
            "maxActive": 3,
            "rate": {"count": 100, "windowMs": 60_000},
            "per": "tenant",
            "file": __file__,
            "line": at,
        }
    }


@pytest.mark.parametrize(
    ("rate", "sent"),
    [
        ("1/1s", {"count": 1, "windowMs": 1_000}),
        (" 100000 / 7d ", {"count": 100_000, "windowMs": 604_800_000}),
        ("5/1500ms", {"count": 5, "windowMs": 1_500}),
        ("010/1h", {"count": 10, "windowMs": 3_600_000}),
    ],
)
def test_a_rate_is_a_count_and_a_duration(rate, sent):
    cloaca.limit("api", rate=rate)

    assert limits_sent()["api"]["rate"] == sent


@pytest.mark.parametrize(
    "rate",
    [
        *(
            "",
            "100",
            "/1m",
            "100/",
            "0/1m",
            "-1/1m",
            "100001/1m",
            "1.5/1m",
            "1/999ms",
            "1/8d",
            "1/1w",
            "1/1m/2",
            "٣/1m",
        ),
    ],
)
def test_another_text_is_not_a_rate(rate):
    with pytest.raises(ValueError, match="Invalid rate '" + re.escape(rate)):
        cloaca.limit("api", rate=rate)


@pytest.mark.parametrize("name", ["", "a b", "workflow:x", "é", "x" * 101, "a\n", "a/b"])
def test_a_name_of_a_limit_has_few_characters(name):
    with pytest.raises(ValueError, match="argument 'name': the name of a limit has 1 to 100 ASCII letters"):
        cloaca.limit(name, max_active=1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ValueError, r"limit 'crm' limits nothing: pass `max_active`, `rate`, or both"),
        ({"per": "tenant"}, ValueError, "limits nothing"),
        ({"max_active": 0}, ValueError, "max_active must be 1 or more, got 0"),
        ({"max_active": 2**53}, ValueError, "max_active must be at most"),
        ({"max_active": -1}, OverflowError, "argument 'max_active'"),
        ({"max_active": True}, TypeError, "argument 'max_active': expected int, got bool"),
        ({"max_active": 1.0}, TypeError, "argument 'max_active': expected int, got float"),
        ({"rate": 100}, TypeError, "argument 'rate': expected str, got int"),
        ({"max_active": 1, "per": ""}, ValueError, "argument 'per'"),
        ({"max_active": 1, "per": "a\0"}, ValueError, "argument 'per'"),
        ({"max_active": 1, "per": 1}, TypeError, "argument 'per': expected str, got int"),
        ({"maximum": 1}, TypeError, "Its keywords are name, max_active, rate, per$"),
    ],
)
def test_an_invalid_option_of_a_limit_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        cloaca.limit("crm", **options)

    assert limits_sent() == {}


def test_equal_declarations_of_a_name_are_one():
    first = cloaca.limit("crm", **CRM)
    again = cloaca.limit("crm", max_active=3, rate="100/60s", per="tenant")

    assert again._declaration is first._declaration
    assert len(limits_sent()) == 1


@pytest.mark.parametrize("changed", [{"max_active": 4}, {"rate": "99/1m"}, {"per": "region"}, {"rate": None}])
def test_a_second_declaration_with_other_values_is_refused_with_both_places(changed):
    _, first = cloaca.limit("crm", **CRM), line()

    with pytest.raises(ValueError, match="limit 'crm' is declared with different values") as refused:
        cloaca.limit("crm", **{**CRM, **changed})

    assert f"{__file__}:{first} and at {__file__}:{first + 3}:" in str(refused.value)
    assert limits_sent()["crm"]["maxActive"] == 3


def test_a_task_names_each_of_its_limits_once():
    crm, api = cloaca.limit("crm", **CRM), cloaca.limit("api", rate="1/1s")
    with cloaca.WorkflowBuilder("sync"):
        cloaca.task(id="push", limits=[crm, api, crm])(lambda ctx: ctx)
        cloaca.task(id="rest", limits=[])(lambda ctx: ctx)

    assert [task["limits"] for task in workflow_as_data("sync")["tasks"]] == [["crm", "api"], []]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ("crm", "argument 'limits': expected list, got str"),
        (["crm"], r"argument 'limits\[0\]': expected Limit, got str"),
        (7, "argument 'limits': expected list, got int"),
    ],
)
def test_other_values_are_not_limits_of_a_task(limits, message):
    with pytest.raises(TypeError, match=message):
        cloaca.task(limits=limits)


def test_a_single_limit_is_not_a_list():
    with pytest.raises(TypeError, match="argument 'limits': expected list, got Limit"):
        cloaca.task(limits=cloaca.limit("crm", **CRM))


def test_a_workflow_sends_limits_of_a_module_that_another_load_imported_first(monkeypatch):
    crm = cloaca.limit("crm", **CRM)
    other = Generation(-2)
    monkeypatch.setattr(ledger, "current", lambda: other)
    with cloaca.WorkflowBuilder("sync"):
        cloaca.task(id="push", limits=[crm])(lambda ctx: ctx)

    assert list(other.pending) == [("limit", "crm"), ("workflow", "sync")]


def test_a_workflow_with_a_limit_of_another_load_is_refused_if_its_own_load_has_other_values(monkeypatch):
    crm = cloaca.limit("crm", **CRM)
    other = Generation(-2)
    monkeypatch.setattr(ledger, "current", lambda: other)
    cloaca.limit("crm", max_active=1)

    with pytest.raises(ValueError, match="limit 'crm' is declared with different values"):
        with cloaca.WorkflowBuilder("sync"):
            cloaca.task(id="push", limits=[crm])(lambda ctx: ctx)


def test_another_engine_receives_all_limits_again():
    cloaca.limit("crm", **CRM)
    limits_sent()

    ledger.expect_another_engine()

    assert list(limits_sent()) == ["crm"]


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({}, None),
        ({"max_active": 1}, {"maxActive": 1, "per": None, "overflow": "queue"}),
        (
            {"max_active": 2, "per": "customer", "overflow": "newest"},
            {"maxActive": 2, "per": "customer", "overflow": "newest"},
        ),
        ({"max_active": 2, "overflow": "drop"}, {"maxActive": 2, "per": None, "overflow": "drop"}),
        ({"max_active": 2, "overflow": "queue"}, {"maxActive": 2, "per": None, "overflow": "queue"}),
    ],
)
def test_a_workflow_has_a_limit(options, sent):
    with cloaca.WorkflowBuilder("sync", **options):
        cloaca.task(id="push")(lambda ctx: ctx)

    assert workflow_as_data("sync")["limit"] == sent


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"per": "customer"}, ValueError, "`per` requires `max_active`"),
        ({"overflow": "queue"}, ValueError, "`overflow` requires `max_active`"),
        ({"max_active": 1, "overflow": "wait"}, ValueError, 'unknown overflow "wait": expected one of "queue", "drop"'),
        ({"max_active": 1, "overflow": 1}, TypeError, "argument 'overflow': expected str, got int"),
        ({"max_active": 0}, ValueError, "max_active must be 1 or more"),
        ({"max_active": "1"}, TypeError, "argument 'max_active': expected int, got str"),
        ({"max_active": 1, "per": ""}, ValueError, "argument 'per'"),
    ],
)
def test_an_invalid_limit_of_a_workflow_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        cloaca.WorkflowBuilder("sync", **options)


@pytest.mark.parametrize("priority", [None, -100, 0, 100])
def test_workflows_and_triggers_have_a_priority(priority):
    with cloaca.WorkflowBuilder("sync", priority=priority):
        cloaca.task(id="push")(lambda ctx: ctx)
    cloaca.trigger(on="sync", name="polled", priority=priority)(lambda: False)
    cloaca.trigger(on="sync", name="scheduled", cron="@daily", priority=priority)(lambda: False)

    assert workflow_as_data("sync")["priority"] == priority
    assert trigger_as_data("polled")["priority"] == trigger_as_data("scheduled")["priority"] == priority


@pytest.mark.parametrize(
    ("priority", "error", "message"),
    [
        (101, ValueError, "priority must be from -100 to 100, got 101"),
        (-101, ValueError, "priority must be from -100 to 100, got -101"),
        (2**70, ValueError, "priority must be from -100 to 100"),
        (1.0, TypeError, "argument 'priority': expected int, got float"),
        (True, TypeError, "argument 'priority': expected int, got bool"),
        ("high", TypeError, "argument 'priority': expected int, got str"),
    ],
)
def test_other_values_are_not_priorities(priority, error, message):
    for declare in (
        lambda: cloaca.WorkflowBuilder("sync", priority=priority),
        lambda: cloaca.trigger(on="sync", priority=priority),
        lambda: cloaca.trigger(on="sync", cron="@daily", priority=priority),
    ):
        with pytest.raises(error, match=message):
            declare()


@pytest.mark.parametrize("node", [cloaca.delay, cloaca.wait_for_signal, cloaca.approval])
def test_a_node_that_waits_takes_no_limits(node):
    with pytest.raises(TypeError, match="'limits'"):
        node("n", limits=[cloaca.limit("crm", **CRM)])
