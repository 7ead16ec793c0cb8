"""Reactors of a runner: pushed events, firings, subscriptions, and the executions that they start."""

from __future__ import annotations

import datetime
import re

import pytest
from engine import needs_engine, wait_for

import cloaca
from cloaca import Context

pytestmark = needs_engine

KEYS = {
    "id",
    "reactor_name",
    "workflow_name",
    "tenant_id",
    "enabled",
    "last_seen_fired_at",
    "created_at",
    "updated_at",
    "predicate_expression",
    "predicate_degraded",
    "predicate_error_count",
    "last_predicate_error",
    "last_predicate_error_at",
    "predicate_error_firing_id",
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


class Scene:
    """A source, its reactor, and a workflow that records its contexts, with names that no other test uses."""

    def __init__(self, name, function=lambda event: event, mode="when_any", others=()):
        self.source, self.reactor, self.workflow = f"{name}-source", f"{name}-reactor", f"{name}-workflow"
        self.started = []
        function.__name__ = self.source
        cloaca.passthrough_accumulator(function)
        declared = cloaca.reactor(name=self.reactor, accumulators=[self.source, *others], mode=mode)
        self.reactor_class = declared(type("Reactor", (), {}))
        with cloaca.WorkflowBuilder(self.workflow):
            cloaca.task(id="note", retry_attempts=1)(self._note)

    def _note(self, ctx):
        self.started.append(ctx.to_dict())
        return ctx

    def values(self, count):
        """Waits for `count` executions, and returns the values of the source in their contexts."""
        wait_for(lambda: len(self.started) >= count)
        return [context[self.source] for context in self.started]


@pytest.fixture
def scene(name):
    """Declares a scene whose source passes its events on unchanged."""
    return Scene(name)


# --------------------------------------------------------------------------------------------------------------- events


def test_push_returns_sequence_numbers_that_start_at_one(runner, scene):
    assert [runner.push(scene.source, value) for value in (1, 2, 3)] == [1, 2, 3]


def test_a_pushed_event_starts_the_workflow_with_its_value_and_the_keys_of_the_firing(runner, scene):
    runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow)

    runner.push(scene.source, {"price": 1.0, "n": 2**60, "t": "é"})

    assert scene.values(1) == [{"price": 1.0, "n": 2**60, "t": "é"}]
    (context,) = scene.started
    assert set(context) == {scene.source, "reactor_name", "reactor_firing_id", "reactor_fired_at"}
    assert context["reactor_name"] == scene.reactor
    assert UUID.match(context["reactor_firing_id"])
    assert context["reactor_fired_at"].endswith("+00:00")
    assert datetime.datetime.fromisoformat(context["reactor_fired_at"]).tzinfo is not None


def test_each_pushed_event_starts_one_execution(runner, scene):
    runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow)

    for value in range(20):
        runner.push(scene.source, value)

    assert sorted(scene.values(20)) == list(range(20))
    assert len({context["reactor_firing_id"] for context in scene.started}) == 20


def test_an_event_dropped_by_the_function_of_its_source_fires_no_reactor(runner, name):
    scene = Scene(name, lambda event: event * 10 if event > 1 else None)
    runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow)

    for value in (1, 2):
        runner.push(scene.source, value)

    assert scene.values(1) == [20]


def test_a_when_all_reactor_waits_for_all_its_sources_even_without_a_function(runner, name):
    accumulated = []
    scene = Scene(name, lambda event: accumulated.append(event) or event, "when_all", [f"{name}-other"])
    runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow)

    runner.push(scene.source, 1)
    runner.push(scene.source, 2)
    wait_for(lambda: len(accumulated) == 2)
    runner.push(f"{name}-other", "x")

    assert scene.values(1) == [2]
    assert scene.started[0][f"{name}-other"] == "x"


def test_a_source_without_a_value_is_none_in_the_context(runner, name):
    scene = Scene(name, others=[f"{name}-other"])
    runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow)

    runner.push(scene.source, 1)

    assert scene.values(1) == [1]
    assert scene.started[0][f"{name}-other"] is None


def test_the_graph_of_a_reactor_runs_for_each_firing_even_after_an_error(runner, scene):
    seen = []
    with cloaca.ComputationGraphBuilder(
        f"{scene.reactor}-graph", reactor=scene.reactor_class, graph={"look": {"inputs": [scene.source]}}
    ):

        @cloaca.node
        def look(value):
            if value == 2:
                raise LookupError("an error is logged, and does not stop the reactor")
            seen.append(value)

    for value in (1, 2, 3):
        runner.push(scene.source, value)

    wait_for(lambda: len(seen) == 2)
    assert seen == [1, 3]


def test_pushing_to_an_undeclared_source_is_refused(runner, name):
    with pytest.raises(ValueError, match=f"^Failed to push event: .*{name}-lost"):
        runner.push(f"{name}-lost", 1)


def test_a_task_may_push_an_event(runner, name, scene):
    runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow)

    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def hand_on(ctx):
            ctx.set("sequence", runner.push(scene.source, "from a task"))
            return ctx

    assert runner.execute(name, Context()).final_context["sequence"] == 1
    assert scene.values(1) == ["from a task"]


# -------------------------------------------------------------------------------------------------------- subscriptions


def test_a_subscription_row_has_exactly_the_documented_keys(runner, scene):
    subscription_id = runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow, when="payload.price > 10.0")

    (row,) = runner.list_reactor_subscriptions()

    assert UUID.match(subscription_id)
    assert set(row) == KEYS
    assert {key: row[key] for key in ("id", "reactor_name", "workflow_name", "tenant_id", "enabled")} == {
        "id": subscription_id,
        "reactor_name": scene.reactor,
        "workflow_name": scene.workflow,
        "tenant_id": "public",
        "enabled": True,
    }
    assert row["predicate_expression"] == "payload.price > 10.0"
    assert (row["predicate_degraded"], row["predicate_error_count"]) == (False, 0)
    assert [row[key] for key in KEYS if key.startswith("last_") or key.endswith("firing_id")] == [None] * 4
    for key in ("created_at", "updated_at"):
        assert row[key].endswith("+00:00")


def test_an_undeclared_workflow_may_be_subscribed_to_an_undeclared_reactor(runner, name):
    assert runner.subscribe_workflow_to_reactor(f"{name}-later", f"{name}-too")


def test_subscribing_again_keeps_the_id_and_replaces_the_predicate(runner, scene):
    first = runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow, when="payload.a > 1")
    again = runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow, "public")

    (row,) = runner.list_reactor_subscriptions("public")
    assert (first, row["id"], row["predicate_expression"]) == (again, again, None)


@pytest.mark.proof
def test_each_tenant_lists_only_its_own_subscriptions(runner, scene):
    runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow)
    other = runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow, "acme")

    (row,) = runner.list_reactor_subscriptions("acme")
    assert (row["id"], row["tenant_id"]) == (other, "acme")
    assert len(runner.list_reactor_subscriptions()) == 1


def test_unsubscribing_returns_whether_a_subscription_existed(runner, scene):
    runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow)

    assert runner.unsubscribe_workflow_from_reactor(scene.reactor, scene.workflow, "acme") is False
    assert runner.unsubscribe_workflow_from_reactor(scene.reactor, scene.workflow) is True
    assert runner.unsubscribe_workflow_from_reactor(scene.reactor, scene.workflow) is False
    assert runner.list_reactor_subscriptions() == []


@pytest.mark.parametrize(
    ("when", "texts"),
    [
        ("payload.price >", []),
        ("", []),
        ("price > 1", ["unknown variable(s): price", "Available variables are: payload, reactor, tenant"]),
    ],
)
def test_an_invalid_predicate_is_refused(runner, scene, when, texts):
    with pytest.raises(ValueError, match=r"^Failed to subscribe workflow to reactor:") as caught:
        runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow, when=when)

    for text in ["Invalid predicate expression:", *texts]:
        assert text in str(caught.value)
    assert runner.list_reactor_subscriptions() == []


def test_a_firing_starts_no_execution_when_the_predicate_is_false(runner, scene):
    source = f"payload['{scene.source}']"
    when = f"{source}.price > 10.0 && reactor == '{scene.reactor}' && tenant == 'public'"
    runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow, when=when)

    for price in (5, 11, 7.5, 12.5):
        runner.push(scene.source, {"price": price})

    assert sorted(value["price"] for value in scene.values(2)) == [11, 12.5]


def test_a_new_subscription_starts_executions_for_earlier_firings(runner, scene):
    runner.push(scene.source, "before")
    first = Scene(f"{scene.reactor}-waited")  # shows that the first reactor has fired
    runner.subscribe_workflow_to_reactor(scene.reactor, first.workflow)
    wait_for(lambda: first.started)

    runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow)

    assert scene.values(1) == ["before"]


def test_a_subscription_row_has_the_time_of_the_last_seen_firing(runner, scene):
    runner.subscribe_workflow_to_reactor(scene.reactor, scene.workflow)
    runner.push(scene.source, 1)
    scene.values(1)

    (row,) = wait_for(
        lambda: [each for each in runner.list_reactor_subscriptions() if each["last_seen_fired_at"] is not None]
    )

    assert row["last_seen_fired_at"] == scene.started[0]["reactor_fired_at"]


@pytest.mark.parametrize(
    "use",
    [
        lambda r: r.push("s", 1),
        lambda r: r.subscribe_workflow_to_reactor("r", "w"),
        lambda r: r.unsubscribe_workflow_from_reactor("r", "w"),
        lambda r: r.list_reactor_subscriptions(),
    ],
)
def test_every_reactor_call_is_refused_after_shutdown(runner, use):
    runner.shutdown()

    with pytest.raises(ValueError, match="Failed to send message to runtime thread"):
        use(runner)
