"""Computation graphs: reactors, blocks, and what `execute` hands to nodes and returns. No engine is needed."""

from __future__ import annotations

import dataclasses
import enum
import threading

import pytest

import cloaca


def reactor_of(*sources, name="reactor", mode="when_any"):
    return cloaca.reactor(name=name, accumulators=list(sources), mode=mode)(type("Reactor", (), {}))


def graph_of(topology, reactor=None, name="graph", **functions):
    """A graph whose nodes are the given functions."""
    with cloaca.ComputationGraphBuilder(name, graph=topology, reactor=reactor) as builder:
        for node_name, function in functions.items():
            function.__name__ = node_name
            cloaca.node(function)
    return builder


# ------------------------------------------------------------------------------------------------------------- reactors


def test_a_reactor_is_the_same_class_with_its_facts():
    class Temps:
        pass

    decorated = cloaca.reactor(name="temps", accumulators=["probe", "fan"], mode="when_all")(Temps)

    assert decorated is Temps
    assert (Temps.NAME, Temps.ACCUMULATORS, Temps.REACTION_MODE) == ("temps", ["probe", "fan"], "when_all")


def test_a_reactor_fires_for_any_source_unless_it_says_otherwise():
    assert cloaca.reactor(name="r", accumulators=("a",))(type("R", (), {})).REACTION_MODE == "when_any"


def test_the_list_of_a_reactor_is_its_own():
    sources = ["a"]
    decorated = cloaca.reactor(name="r", accumulators=sources)(type("R", (), {}))

    sources.append("b")

    assert decorated.ACCUMULATORS == ["a"]


# --------------------------------------------------------------------------------------------------------------- blocks


def test_a_block_gives_its_builder_and_the_decorator_returns_the_function():
    def out(ctx):
        return 1

    with cloaca.ComputationGraphBuilder("g", graph={"out": {}}) as builder:
        assert cloaca.node(out) is out

    assert isinstance(builder, cloaca.ComputationGraphBuilder)
    assert builder.NAME == "g"
    assert repr(builder) == "ComputationGraphBuilder(name='g', nodes=1)"


def test_a_builder_prints_its_name_and_how_many_nodes_it_has():
    assert repr(cloaca.ComputationGraphBuilder("g", graph={"a": {}, "b": {}, "c": {}})) == (
        "ComputationGraphBuilder(name='g', nodes=3)"
    )


def test_an_exception_in_a_block_goes_through_unchanged():
    boom = LookupError("boom")

    with pytest.raises(LookupError) as caught, cloaca.ComputationGraphBuilder("g", graph={"a": {}}):
        raise boom

    assert caught.value is boom


@pytest.mark.parametrize("mistake", [LookupError("in the body"), None], ids=["in the body", "at the end"])
def test_a_failed_block_leaves_nothing_behind(mistake):
    with pytest.raises((LookupError, AttributeError)):
        with cloaca.ComputationGraphBuilder("g", graph={"a": {}, "missing": {}}):
            cloaca.node(named("a", lambda ctx: 1))
            if mistake is not None:
                raise mistake

    with pytest.raises(ValueError, match="must be used inside"):
        cloaca.node(named("b", lambda ctx: 1))
    assert graph_of({"b": {}}, b=lambda ctx: 2).execute({}) == 2


def named(name, function):
    function.__name__ = name
    return function


def test_a_node_belongs_to_the_block_of_its_own_thread():
    errors = []

    def decorate():
        try:
            cloaca.node(named("a", lambda ctx: 1))
        except ValueError as error:
            errors.append(str(error))

    with cloaca.ComputationGraphBuilder("g", graph={"a": {}}):
        thread = threading.Thread(target=decorate)
        thread.start()
        thread.join()
        cloaca.node(named("a", lambda ctx: 2))

    assert "must be used inside a ComputationGraphBuilder" in errors[0]
    assert "another thread" in errors[0]


def test_a_block_in_a_block_takes_the_nodes_that_are_in_it():
    with cloaca.ComputationGraphBuilder("outer", graph={"a": {}}) as outer:
        with cloaca.ComputationGraphBuilder("inner", graph={"b": {}}) as inner:
            cloaca.node(named("b", lambda ctx: "inner"))
        cloaca.node(named("a", lambda ctx: "outer"))

    assert (outer.execute({}), inner.execute({})) == ("outer", "inner")


def test_all_nodes_without_a_function_are_named_at_once():
    with pytest.raises(AttributeError) as caught:
        graph_of({"read": {"next": "write"}, "write": {}, "kept": {}}, kept=lambda ctx: 1)

    assert "node 'read'" in str(caught.value)
    assert "node 'write'" in str(caught.value)
    assert "'kept'" not in str(caught.value)


def test_a_misspelt_function_is_suggested():
    with pytest.raises(AttributeError, match="Did you mean 'collcet'"):
        graph_of({"collect": {}}, collcet=lambda ctx: 1)


def test_a_key_that_means_nothing_is_warned_of():
    with pytest.warns(UserWarning, match=r"graph\['n'\] has the key 'input'") as caught:
        cloaca.ComputationGraphBuilder("g", graph={"n": {"input": ["a"]}})

    assert caught[0].filename == __file__


def test_the_function_declared_last_is_the_node():
    with cloaca.ComputationGraphBuilder("g", graph={"a": {}}) as builder:
        cloaca.node(named("a", lambda ctx: 1))
        cloaca.node(named("a", lambda ctx: 2))

    assert builder.execute({}) == 2


def test_a_builder_may_be_used_again_and_keeps_its_graph_when_that_fails():
    builder = graph_of({"a": {}}, a=lambda ctx: 1)

    with pytest.raises(AttributeError), builder:
        pass
    assert builder.execute({}) == 1

    with builder:
        cloaca.node(named("a", lambda ctx: 2))
    assert builder.execute({}) == 2


# ------------------------------------------------------------------------------------------------- what a node receives


def seen_by(topology, given, reactor=None, **functions):
    """What the node "see" was called with; None: it did not run."""
    calls = []

    def see(*arguments):
        calls.append(arguments)
        return "seen"

    graph_of(topology, reactor, see=see, **functions).execute(given)
    assert len(calls) <= 1
    return calls[0] if calls else None


def test_a_node_with_inputs_gets_a_value_for_each_source_in_its_order():
    assert seen_by({"see": {"inputs": ["b", "a"]}}, {"a": 1, "b": 2}, reactor_of("a", "b")) == (2, 1)


def test_a_source_without_a_value_is_none_and_unknown_ones_do_not_count():
    assert seen_by({"see": {"inputs": ["a", "b"]}}, {"b": 2, "c": 1j}, reactor_of("a", "b")) == (None, 2)


def test_a_node_with_inputs_gets_the_values_of_other_nodes_after_them():
    topology = {"first": {"inputs": ["a"], "next": "see"}, "see": {"inputs": ["b"]}}

    assert seen_by(topology, {"a": 1, "b": 2}, reactor_of("a", "b"), first=lambda a: [a]) == (2, [1])


def test_a_first_node_without_inputs_gets_nothing_in_a_graph_with_a_reactor():
    assert seen_by({"see": {}}, {"a": 1}, reactor_of("a")) == ()


def test_the_first_node_of_a_graph_without_a_reactor_gets_a_context():
    (context,) = seen_by({"see": {}}, {"n": 1, "x": 1.0})

    assert isinstance(context, cloaca.Context)
    assert context.to_dict() == {"n": 1, "x": 1.0}


def test_each_first_node_gets_a_context_of_its_own():
    def change(ctx):
        ctx.set("n", 2)

    (context,) = seen_by({"change": {}, "see": {}}, {"n": 1}, change=change)

    assert context["n"] == 1


def test_a_downstream_node_gets_the_very_object_that_was_returned():
    thing = object()

    assert seen_by({"make": {"next": "see"}, "see": {}}, {}, make=lambda ctx: thing) == (thing,)


def test_a_none_that_was_returned_is_handed_on():
    assert seen_by({"make": {"next": "see"}, "see": {}}, {}, make=lambda ctx: None) == (None,)


def test_several_values_come_in_the_order_of_the_topology():
    # "late" runs last of the three, since something feeds it.
    topology = {
        "late": {"next": "see"},
        "see": {},
        "early": {"next": "late"},
        "other": {"next": "see"},
    }

    seen = seen_by(topology, {}, late=lambda value: f"late {value}", early=lambda ctx: 1, other=lambda ctx: "other")

    assert seen == ("late 1", "other")


def test_two_nodes_that_get_the_same_source_do_not_see_each_others_edits():
    def change(items):
        items.append("changed")

    topology = {"change": {"inputs": ["a"]}, "see": {"inputs": ["a"]}}

    assert seen_by(topology, {"a": ["kept"]}, reactor_of("a"), change=change) == (["kept"],)


def test_what_was_given_is_not_changed_by_nodes():
    given = {"a": {"n": [1]}}

    graph_of({"n": {"inputs": ["a"]}}, reactor_of("a"), n=lambda a: a["n"].append(2)).execute(given)

    assert given == {"a": {"n": [1]}}


@dataclasses.dataclass
class Point:
    x: int


class Level(enum.IntEnum):
    HIGH = 3


def test_values_are_converted_as_a_context_does():
    seen = seen_by({"see": {"inputs": ["a"]}}, {"a": (Point(1), Level.HIGH, float("nan"), {2})}, reactor_of("a"))

    assert seen == ([{"x": 1}, 3, None, [2]],)


# --------------------------------------------------------------------------------------------------------------- routes

ROUTES = {"choose": {"routes": {"left": "see", "right": "other"}}, "see": {}, "other": {}}


def test_the_target_of_the_chosen_route_gets_the_payload():
    assert seen_by(ROUTES, {}, choose=lambda ctx: ("left", {"n": 1}), other=lambda p: 1) == ({"n": 1},)


def test_only_the_chosen_target_runs():
    assert seen_by(ROUTES, {}, choose=lambda ctx: ("right", 1), other=lambda p: 1) is None


def test_an_unknown_variant_chooses_nothing():
    graph = graph_of(ROUTES, choose=lambda ctx: ("up", 1), see=lambda p: 1, other=lambda p: 2)

    assert graph.execute({}) is None


def test_several_variants_may_lead_to_one_node():
    topology = {"choose": {"routes": {"a": "see", "b": "see", "c": "other"}}, "see": {}, "other": {}}

    for variant in ("a", "b"):
        assert seen_by(topology, {}, choose=lambda ctx, v=variant: (v, v), other=lambda p: 1) == (variant,)


def test_a_node_behind_one_that_did_not_run_does_not_run_either():
    topology = {
        "choose": {"routes": {"left": "between", "right": "other"}},
        "between": {"next": "see"},
        "see": {},
        "other": {},
    }

    assert seen_by(topology, {}, choose=lambda ctx: ("right", 1), between=lambda p: p, other=lambda p: 1) is None


def test_a_target_with_inputs_does_not_run_unless_it_is_chosen():
    topology = {"choose": {"inputs": ["a"], "routes": {"left": "see", "right": "other"}}}
    topology.update(see={"inputs": ["b"]}, other={})

    def choose(variant):
        return (variant, "payload")

    seen = [seen_by(topology, {"a": v, "b": 2}, reactor_of("a", "b"), choose=choose, other=lambda p: 1) for v in ROUTED]

    assert seen == [(2, "payload"), None]


ROUTED = ("left", "right")


def test_a_join_gets_the_values_of_the_nodes_that_ran_only():
    topology = {
        "choose": {"routes": {"left": "left", "right": "right"}},
        "left": {"next": "see"},
        "right": {"next": "see"},
        "always": {"next": "see"},
        "see": {},
    }
    functions = {"left": lambda p: "left", "right": lambda p: "right", "always": lambda ctx: "always"}

    assert seen_by(topology, {}, choose=lambda ctx: ("right", 1), **functions) == ("right", "always")


def test_routes_count_where_there_is_a_next_too():
    topology = {"choose": {"next": "other", "routes": {"left": "see"}}, "see": {}, "other": {}}
    ran = []

    seen = seen_by(topology, {}, choose=lambda ctx: ("left", 1), other=lambda value: ran.append(value))

    assert seen == (1,)
    assert isinstance(ran[0], cloaca.Context)  # nothing leads to it


def test_a_routing_node_may_return_a_named_tuple():
    import collections

    choice = collections.namedtuple("Choice", ["variant", "payload"])

    assert seen_by(ROUTES, {}, choose=lambda ctx: choice("left", 5), other=lambda p: 1) == (5,)


# -------------------------------------------------------------------------------------------------------------- results


def test_execute_returns_what_the_terminal_node_returned_as_data():
    result = graph_of({"out": {}}, out=lambda ctx: {"at": Point(1), "t": (1, 1.0)}).execute({})

    assert result == {"at": {"x": 1}, "t": [1, 1.0]}
    assert [type(each) for each in result["t"]] == [int, float]


def test_execute_returns_a_copy():
    kept = {"n": [1]}

    result = graph_of({"out": {}}, out=lambda ctx: kept).execute({})
    result["n"].append(2)

    assert kept == {"n": [1]}


def test_execute_returns_the_value_of_the_terminal_node_that_ran_last():
    topology = {"a": {}, "b": {"next": "c"}, "c": {}}

    assert graph_of(topology, a=lambda ctx: "a", b=lambda ctx: 1, c=lambda b: "c").execute({}) == "c"


def test_the_example_of_the_reference():
    @cloaca.reactor(name="temps", accumulators=["probe"])
    class Temps:
        pass

    topology = {"judge": {"inputs": ["probe"], "routes": {"hot": "warn", "ok": "note"}}, "warn": {}, "note": {}}
    with cloaca.ComputationGraphBuilder("alarm", reactor=Temps, graph=topology) as g:

        @cloaca.node
        def judge(p):
            return ("hot", p) if p and p["c"] > 80 else ("ok", p)

        @cloaca.node
        def warn(p):
            return {"alarm": p["c"]}

        @cloaca.node
        def note(p):
            return {"quiet": True}

    assert g.execute({"probe": {"c": 91}}) == {"alarm": 91}
    assert g.execute({"probe": {"c": 20}}) == {"quiet": True}
    assert g.execute({}) == {"quiet": True}


def test_the_exception_of_a_node_is_the_cause_and_its_traceback_shows_the_node():
    def node_that_raises(ctx):
        raise LookupError("boom")

    with pytest.raises(ValueError, match="graph execution failed: node 'n' failed: LookupError: boom") as caught:
        graph_of({"n": {}}, n=node_that_raises).execute({})

    cause = caught.value.__cause__
    assert isinstance(cause, LookupError)
    frames = []
    trace = cause.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    assert "node_that_raises" in frames


def test_an_exit_in_a_node_is_a_failure_of_the_graph():
    def leave(ctx):
        raise SystemExit(3)

    with pytest.raises(ValueError, match="node 'n' failed: SystemExit: 3"):
        graph_of({"n": {}}, n=leave).execute({})


@pytest.mark.parametrize("stop", [KeyboardInterrupt, GeneratorExit])
def test_what_stops_a_node_from_outside_goes_through(stop):
    def node(ctx):
        raise stop

    with pytest.raises(stop):
        graph_of({"n": {}}, n=node).execute({})


def test_a_graph_may_be_executed_in_a_node_of_another():
    inner = graph_of({"double": {}}, double=lambda ctx: ctx["n"] * 2)
    outer = graph_of({"n": {"next": "out"}, "out": {}}, n=lambda ctx: inner.execute({"n": 4}), out=lambda n: n + 1)

    assert outer.execute({}) == 9


def test_nodes_run_on_the_calling_thread_one_after_another():
    threads = []

    def note(value):
        threads.append(threading.get_ident())
        return value

    graph_of({"a": {"next": "b"}, "b": {}}, a=lambda ctx: note(1), b=note).execute({})

    assert threads == [threading.get_ident()] * 2


def test_a_long_chain_needs_no_deep_stack():
    names = [f"n{index}" for index in range(3_000)]
    topology = {name: {"next": following} for name, following in zip(names, names[1:])}
    topology[names[-1]] = {}
    functions = {name: lambda n: n + 1 for name in names[1:]}

    assert graph_of(topology, n0=lambda ctx: 0, **functions).execute({}) == 2_999
