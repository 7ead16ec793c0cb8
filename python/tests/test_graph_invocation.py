"""Tasks that invoke graphs: steps of one attempt, its output, and arguments of callbacks. No engine is needed."""

from __future__ import annotations

import json

import pytest
from graphs import graph_of
from outcomes import outcome_of

import cloaca
from cloaca._border.stops import Cancelled, DeadlineExceeded
from cloaca._engine import attempt


def run(name, body, graph, given="{}", **options):
    """Runs one attempt of a task that invokes a graph, and returns its outcome."""
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="t", invokes=graph, **options)(body)
    return outcome_of(attempt.run(name, "t", given, 1))


def giving(**values):
    return lambda ctx: cloaca.Context(values)


def output_of(outcome):
    assert outcome[0] == "completed", outcome
    return json.loads(outcome[1])


class Enough(BaseException):
    pass


DOUBLE = {"out": {}}


def test_a_terminal_node_stores_its_value_under_its_name_in_the_output(name):
    graph = graph_of(DOUBLE, out=lambda ctx: ctx["n"] * 2)

    assert output_of(run(name, giving(n=21), graph)) == {"n": 21, "out": 42}


def test_the_graph_receives_the_output_of_the_task_and_not_its_input(name):
    graph = graph_of(DOUBLE, out=lambda ctx: ctx.to_dict())

    assert output_of(run(name, giving(n=1), graph, '{"given":1}'))["out"] == {"n": 1}


def test_a_node_value_overwrites_an_existing_key_with_its_name(name):
    graph = graph_of(DOUBLE, out=lambda ctx: 2.0)

    assert run(name, giving(out=1), graph)[1] == '{"out":2.0}'


def test_only_terminal_nodes_that_ran_store_a_value(name):
    topology = {"choose": {"routes": {"a": "left", "b": "right"}}, "left": {}, "right": {}, "also": {}}
    graph = graph_of(
        topology, choose=lambda ctx: ("a", 1), left=lambda p: None, right=lambda p: p, also=lambda ctx: "also"
    )

    assert output_of(run(name, giving(n=1), graph)) == {"n": 1, "left": None, "also": "also"}


def test_edits_of_the_context_in_a_node_do_not_reach_the_output(name):
    def out(ctx):
        ctx.set("n", 5)
        return 1

    assert output_of(run(name, giving(n=1), graph_of(DOUBLE, out=out))) == {"n": 1, "out": 1}


def test_the_output_is_unchanged_when_no_terminal_node_ran(name):
    graph = graph_of({"choose": {"routes": {"a": "out"}}, "out": {}}, choose=lambda ctx: ("b", 1), out=lambda p: 1)

    assert run(name, lambda ctx: None, graph, '{"n":1}')[:2] == ("completed", None)


def test_the_graph_runs_after_an_async_body(name):
    async def body(ctx):
        return cloaca.Context({"n": 4})

    assert output_of(run(name, body, graph_of(DOUBLE, out=lambda ctx: ctx["n"]))) == {"n": 4, "out": 4}


def test_an_attempt_runs_body_graph_post_invocation_and_on_success_in_order(name):
    order = []

    def noting(word, value=None):
        def function(*arguments):
            order.append((word, [each.to_dict() for each in arguments if isinstance(each, cloaca.Context)]))
            return value

        return function

    graph = graph_of(DOUBLE, out=noting("graph", 2))
    body = noting("body", cloaca.Context({"n": 1}))
    post = noting("post", cloaca.Context({"m": 3}))

    outcome = run(name, body, graph, "{}", post_invocation=post, on_success=noting("success"))

    assert order == [
        ("body", [{}]),
        ("graph", [{"n": 1}]),
        ("post", [{"n": 1, "out": 2}]),
        ("success", [{"m": 3}]),
    ]
    assert output_of(outcome) == {"m": 3}


@pytest.mark.parametrize("value", [None, {"m": 1}, 5])
def test_a_post_invocation_that_returns_no_context_does_not_change_the_output(name, value):
    def post(ctx):
        ctx.set("edited", True)
        return value

    outcome = run(name, giving(n=1), graph_of(DOUBLE, out=lambda ctx: 2), post_invocation=post)

    assert output_of(outcome) == {"n": 1, "out": 2}


def test_an_async_post_invocation_is_awaited(name):
    async def post(ctx):
        ctx.set("awaited", True)
        return ctx

    outcome = run(name, giving(n=1), graph_of(DOUBLE, out=lambda ctx: 2), post_invocation=post)

    assert output_of(outcome) == {"n": 1, "out": 2, "awaited": True}


def boom(ctx):
    raise LookupError("boom")


def test_a_failure_in_the_graph_fails_the_attempt_with_the_nodes_traceback(name):
    calls = []
    graph = graph_of({"n": {"next": "boom"}, "boom": {}}, name="g1", n=lambda ctx: ctx, boom=boom)

    outcome = run(
        name,
        giving(n=1),
        graph,
        '{"given":1}',
        on_failure=lambda task_id, error, context: calls.append((task_id, error, context.to_dict())),
        on_success=lambda *_: calls.append("success"),
        post_invocation=lambda ctx: calls.append("post"),
    )

    kind, text, error_type, message, trace = outcome
    assert (kind, text, error_type) == ("failed", None, "LookupError")
    assert message == "computation graph 'g1' invocation failed: node 'boom' failed: LookupError: boom"
    assert "in boom" in trace.splitlines()[1]
    assert __file__.rsplit("/", 1)[-1] in trace.splitlines()[1]
    # `on_failure` receives the output of the body, not its input.
    assert calls == [("t", message, {"n": 1})]


def test_a_node_value_that_is_not_json_fails_the_attempt(name):
    outcome = run(name, giving(n=1), graph_of(DOUBLE, name="g2", out=lambda ctx: 1j))

    assert outcome[0] == "failed"
    assert outcome[3] == (
        "computation graph 'g2' invocation failed: terminal 'out' result conversion failed: unsupported type complex"
    )


def test_a_failure_in_post_invocation_fails_the_attempt(name):
    calls = []

    outcome = run(
        name,
        giving(n=1),
        graph_of(DOUBLE, out=lambda ctx: 2),
        '{"given":1}',
        post_invocation=boom,
        on_failure=lambda task_id, error, context: calls.append((error, context.to_dict())),
    )

    assert outcome[:3] == ("failed", None, "LookupError")
    assert outcome[3] == "Python task execution failed: LookupError: boom (in post_invocation)"
    assert calls == [(outcome[3], {"n": 1, "out": 2})]


def test_the_graph_does_not_run_after_the_body_failed(name):
    ran = []

    outcome = run(name, boom, graph_of(DOUBLE, out=lambda ctx: ran.append(1)))

    assert outcome[3] == "Python task execution failed: LookupError: boom"
    assert ran == []


@pytest.mark.parametrize("stop", [DeadlineExceeded, Cancelled])
def test_a_deadline_or_cancellation_in_a_graph_propagates_without_calling_on_failure(name, stop):
    calls = []

    def out(ctx):
        raise stop

    with pytest.raises(stop):
        run(name, giving(n=1), graph_of(DOUBLE, out=out), on_failure=lambda *_: calls.append(1))
    assert calls == []


def test_a_task_keeps_its_graph_after_another_graph_with_the_same_name_is_declared(name):
    first = graph_of(DOUBLE, name="again", out=lambda ctx: 1)
    graph_of(DOUBLE, name="again", out=lambda ctx: 2)

    assert output_of(run(name, giving(), first)) == {"out": 1}


def test_a_base_exception_in_a_node_or_in_post_invocation_fails_the_attempt(name):
    def raises(_):
        raise Enough("of the script")

    in_node = run(name, giving(), graph_of(DOUBLE, out=raises))
    after_it = run(name, giving(), graph_of(DOUBLE, out=lambda ctx: 1), post_invocation=raises)

    assert in_node[0] == "failed"
    assert in_node[3].endswith("node 'out' failed: Enough: of the script")
    assert after_it[3] == "Python task execution failed: Enough: of the script (in post_invocation)"
