"""Computation graphs: reactors, `with` blocks, and results of `execute`. No engine is needed."""

from __future__ import annotations

import threading

import pytest
from graphs import Point, graph_of

import cloaca

# ------------------------------------------------------------------------------------------------------------- reactors


def test_the_reactor_decorator_returns_the_class_with_name_sources_and_mode():
    class Temps:
        pass

    decorated = cloaca.reactor(name="temps", accumulators=["probe", "fan"], mode="when_all")(Temps)

    assert decorated is Temps
    assert (Temps.NAME, Temps.ACCUMULATORS, Temps.REACTION_MODE) == ("temps", ["probe", "fan"], "when_all")


def test_the_default_mode_of_a_reactor_is_when_any():
    assert cloaca.reactor(name="r", accumulators=("a",))(type("R", (), {})).REACTION_MODE == "when_any"


def test_a_reactor_copies_its_list_of_sources():
    sources = ["a"]
    decorated = cloaca.reactor(name="r", accumulators=sources)(type("R", (), {}))

    sources.append("b")

    assert decorated.ACCUMULATORS == ["a"]


def test_two_classes_with_the_same_decorator_have_separate_lists_of_sources():
    decorate = cloaca.reactor(name="r", accumulators=["a"])
    first, second = decorate(type("First", (), {})), decorate(type("Second", (), {}))

    first.ACCUMULATORS.append("b")

    assert second.ACCUMULATORS == ["a"]


# --------------------------------------------------------------------------------------------------------------- blocks


def test_a_with_block_yields_its_builder_and_node_returns_the_function():
    def out(ctx):
        return 1

    with cloaca.ComputationGraphBuilder("g", graph={"out": {}}) as builder:
        assert cloaca.node(out) is out

    assert isinstance(builder, cloaca.ComputationGraphBuilder)
    assert builder.NAME == "g"
    assert repr(builder) == "ComputationGraphBuilder(name='g', nodes=1)"


def test_the_repr_of_a_builder_shows_its_name_and_number_of_nodes():
    assert repr(cloaca.ComputationGraphBuilder("g", graph={"a": {}, "b": {}, "c": {}})) == (
        "ComputationGraphBuilder(name='g', nodes=3)"
    )


def test_an_exception_in_a_with_block_propagates_unchanged():
    boom = LookupError("boom")

    with pytest.raises(LookupError) as caught, cloaca.ComputationGraphBuilder("g", graph={"a": {}}):
        raise boom

    assert caught.value is boom


@pytest.mark.parametrize("mistake", [LookupError("in the body"), None], ids=["in the body", "at the end"])
def test_a_failed_block_leaves_no_nodes_for_later_blocks(mistake):
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


def test_nodes_in_a_nested_block_belong_to_that_block():
    with cloaca.ComputationGraphBuilder("outer", graph={"a": {}}) as outer:
        with cloaca.ComputationGraphBuilder("inner", graph={"b": {}}) as inner:
            cloaca.node(named("b", lambda ctx: "inner"))
        cloaca.node(named("a", lambda ctx: "outer"))

    assert (outer.execute({}), inner.execute({})) == ("outer", "inner")


def test_the_error_names_all_nodes_without_a_function():
    with pytest.raises(AttributeError) as caught:
        graph_of({"read": {"next": "write"}, "write": {}, "kept": {}}, kept=lambda ctx: 1)

    assert "node 'read'" in str(caught.value)
    assert "node 'write'" in str(caught.value)
    assert "'kept'" not in str(caught.value)


def test_the_error_for_a_missing_node_suggests_a_misspelt_function():
    with pytest.raises(AttributeError, match="Did you mean 'collcet'"):
        graph_of({"collect": {}}, collcet=lambda ctx: 1)


def test_an_unknown_key_of_a_node_causes_a_warning():
    with pytest.warns(UserWarning, match=r"graph\['n'\] has the unknown key 'input'") as caught:
        cloaca.ComputationGraphBuilder("g", graph={"n": {"input": ["a"]}})

    assert caught[0].filename == __file__


def test_the_last_function_declared_for_a_node_is_used():
    with cloaca.ComputationGraphBuilder("g", graph={"a": {}}) as builder:
        cloaca.node(named("a", lambda ctx: 1))
        cloaca.node(named("a", lambda ctx: 2))

    assert builder.execute({}) == 2


def test_a_builder_can_be_reused_and_keeps_its_graph_when_its_block_fails():
    builder = graph_of({"a": {}}, a=lambda ctx: 1)

    with pytest.raises(AttributeError), builder:
        pass
    assert builder.execute({}) == 1

    with builder:
        cloaca.node(named("a", lambda ctx: 2))
    assert builder.execute({}) == 2


# -------------------------------------------------------------------------------------------------------------- results


def test_execute_returns_the_terminal_value_converted_to_json_types():
    result = graph_of({"out": {}}, out=lambda ctx: {"at": Point(1), "t": (1, 1.0)}).execute({})

    assert result == {"at": {"x": 1}, "t": [1, 1.0]}
    assert [type(each) for each in result["t"]] == [int, float]


def test_execute_returns_a_copy_of_the_terminal_value():
    kept = {"n": [1]}

    result = graph_of({"out": {}}, out=lambda ctx: kept).execute({})
    result["n"].append(2)

    assert kept == {"n": [1]}


def test_execute_returns_the_value_of_the_terminal_node_that_ran_last():
    topology = {"a": {}, "b": {"next": "c"}, "c": {}}

    assert graph_of(topology, a=lambda ctx: "a", b=lambda ctx: 1, c=lambda b: "c").execute({}) == "c"


def test_the_example_of_the_reference_manual_works():
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


def test_the_exception_of_a_node_is_the_cause_of_the_error_and_its_traceback_shows_the_node():
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


def test_system_exit_in_a_node_fails_the_graph():
    def leave(ctx):
        raise SystemExit(3)

    with pytest.raises(ValueError, match="node 'n' failed: SystemExit: 3"):
        graph_of({"n": {}}, n=leave).execute({})


@pytest.mark.parametrize("stop", [KeyboardInterrupt, GeneratorExit])
def test_keyboard_interrupt_and_generator_exit_in_a_node_propagate(stop):
    def node(ctx):
        raise stop

    with pytest.raises(stop):
        graph_of({"n": {}}, n=node).execute({})


def test_a_graph_may_be_executed_in_a_node_of_another_graph():
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


def test_a_chain_of_3000_nodes_does_not_exceed_the_recursion_limit():
    names = [f"n{index}" for index in range(3_000)]
    topology = {name: {"next": following} for name, following in zip(names, names[1:])}
    topology[names[-1]] = {}
    functions = {name: lambda n: n + 1 for name in names[1:]}

    assert graph_of(topology, n0=lambda ctx: 0, **functions).execute({}) == 2_999
