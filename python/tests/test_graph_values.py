"""Arguments of the nodes of a graph, and the choice of nodes that run. No engine is needed."""

from __future__ import annotations

import enum

from graphs import Point, graph_of, reactor_of

import cloaca

# --------------------------------------------------------------------------------------------------- arguments of nodes


def seen_by(topology, given, reactor=None, **functions):
    """Executes a graph, and returns the arguments of its node "see", or None if this node did not run."""
    calls = []

    def see(*arguments):
        calls.append(arguments)
        return "seen"

    graph_of(topology, reactor, see=see, **functions).execute(given)
    assert len(calls) <= 1
    return calls[0] if calls else None


def test_a_node_receives_the_values_of_its_inputs_in_their_order():
    assert seen_by({"see": {"inputs": ["b", "a"]}}, {"a": 1, "b": 2}, reactor_of("a", "b")) == (2, 1)


def test_a_source_without_a_value_is_none_and_unknown_sources_are_ignored():
    assert seen_by({"see": {"inputs": ["a", "b"]}}, {"b": 2, "c": 1j}, reactor_of("a", "b")) == (None, 2)


def test_a_node_receives_the_values_of_upstream_nodes_after_its_inputs():
    topology = {"first": {"inputs": ["a"], "next": "see"}, "see": {"inputs": ["b"]}}

    assert seen_by(topology, {"a": 1, "b": 2}, reactor_of("a", "b"), first=lambda a: [a]) == (2, [1])


def test_a_first_node_without_inputs_receives_no_arguments_in_a_graph_with_a_reactor():
    assert seen_by({"see": {}}, {"a": 1}, reactor_of("a")) == ()


def test_the_first_node_of_a_graph_without_a_reactor_receives_a_context():
    (context,) = seen_by({"see": {}}, {"n": 1, "x": 1.0})

    assert isinstance(context, cloaca.Context)
    assert context.to_dict() == {"n": 1, "x": 1.0}


def test_each_first_node_receives_its_own_copy_of_the_context():
    def change(ctx):
        ctx.set("n", 2)

    (context,) = seen_by({"change": {}, "see": {}}, {"n": 1}, change=change)

    assert context["n"] == 1


def test_a_downstream_node_receives_the_same_object_that_was_returned():
    thing = object()

    assert seen_by({"make": {"next": "see"}, "see": {}}, {}, make=lambda ctx: thing) == (thing,)


def test_a_returned_none_is_passed_to_the_downstream_node():
    assert seen_by({"make": {"next": "see"}, "see": {}}, {}, make=lambda ctx: None) == (None,)


def test_values_of_several_upstream_nodes_arrive_in_topology_order():
    # "late" runs last of the three, because it depends on "early".
    topology = {
        "late": {"next": "see"},
        "see": {},
        "early": {"next": "late"},
        "other": {"next": "see"},
    }

    seen = seen_by(topology, {}, late=lambda value: f"late {value}", early=lambda ctx: 1, other=lambda ctx: "other")

    assert seen == ("late 1", "other")


def test_two_nodes_with_the_same_source_do_not_see_each_others_edits():
    def change(items):
        items.append("changed")

    topology = {"change": {"inputs": ["a"]}, "see": {"inputs": ["a"]}}

    assert seen_by(topology, {"a": ["kept"]}, reactor_of("a"), change=change) == (["kept"],)


def test_nodes_do_not_change_the_values_passed_to_execute():
    given = {"a": {"n": [1]}}

    graph_of({"n": {"inputs": ["a"]}}, reactor_of("a"), n=lambda a: a["n"].append(2)).execute(given)

    assert given == {"a": {"n": [1]}}


class Level(enum.IntEnum):
    HIGH = 3


def test_source_values_are_converted_like_context_values():
    seen = seen_by({"see": {"inputs": ["a"]}}, {"a": (Point(1), Level.HIGH, float("nan"), {2})}, reactor_of("a"))

    assert seen == ([{"x": 1}, 3, None, [2]],)


# --------------------------------------------------------------------------------------------------------------- routes

ROUTES = {"choose": {"routes": {"left": "see", "right": "other"}}, "see": {}, "other": {}}


def test_the_target_of_the_chosen_route_receives_the_payload():
    assert seen_by(ROUTES, {}, choose=lambda ctx: ("left", {"n": 1}), other=lambda p: 1) == ({"n": 1},)


def test_only_the_target_of_the_chosen_route_runs():
    assert seen_by(ROUTES, {}, choose=lambda ctx: ("right", 1), other=lambda p: 1) is None


def test_an_unknown_variant_runs_no_target():
    graph = graph_of(ROUTES, choose=lambda ctx: ("up", 1), see=lambda p: 1, other=lambda p: 2)

    assert graph.execute({}) is None


def test_a_routing_node_without_routes_runs_no_target():
    assert graph_of({"choose": {"routes": {}}}, choose=lambda ctx: ("left", 1)).execute({}) is None


def test_several_variants_may_lead_to_one_node():
    topology = {"choose": {"routes": {"a": "see", "b": "see", "c": "other"}}, "see": {}, "other": {}}

    for variant in ("a", "b"):
        assert seen_by(topology, {}, choose=lambda ctx, v=variant: (v, v), other=lambda p: 1) == (variant,)


def test_a_node_does_not_run_after_an_upstream_node_that_did_not_run():
    topology = {
        "choose": {"routes": {"left": "between", "right": "other"}},
        "between": {"next": "see"},
        "see": {},
        "other": {},
    }

    assert seen_by(topology, {}, choose=lambda ctx: ("right", 1), between=lambda p: p, other=lambda p: 1) is None


def test_a_route_target_with_inputs_runs_only_when_its_route_is_chosen():
    topology = {"choose": {"inputs": ["a"], "routes": {"left": "see", "right": "other"}}}
    topology.update(see={"inputs": ["b"]}, other={})

    def choose(variant):
        return (variant, "payload")

    seen = [seen_by(topology, {"a": v, "b": 2}, reactor_of("a", "b"), choose=choose, other=lambda p: 1) for v in ROUTED]

    assert seen == [(2, "payload"), None]


ROUTED = ("left", "right")


def test_a_join_node_receives_only_the_values_of_nodes_that_ran():
    topology = {
        "choose": {"routes": {"left": "left", "right": "right"}},
        "left": {"next": "see"},
        "right": {"next": "see"},
        "always": {"next": "see"},
        "see": {},
    }
    functions = {"left": lambda p: "left", "right": lambda p: "right", "always": lambda ctx: "always"}

    assert seen_by(topology, {}, choose=lambda ctx: ("right", 1), **functions) == ("right", "always")


def test_routes_take_precedence_over_next():
    topology = {"choose": {"next": "other", "routes": {"left": "see"}}, "see": {}, "other": {}}
    ran = []

    seen = seen_by(topology, {}, choose=lambda ctx: ("left", 1), other=lambda value: ran.append(value))

    assert seen == (1,)
    assert isinstance(ran[0], cloaca.Context)  # a first node, because no other node leads to it


def test_a_routing_node_may_return_a_named_tuple():
    import collections

    choice = collections.namedtuple("Choice", ["variant", "payload"])

    assert seen_by(ROUTES, {}, choose=lambda ctx: choice("left", 5), other=lambda p: 1) == (5,)
