"""Graphs invoked by tasks in the engine: contexts, retries and timeouts."""

from __future__ import annotations

import time

import pytest
from engine import NO_RETRY, needs_engine

import cloaca
from cloaca import Context

pytestmark = needs_engine


def double(name="double", out=lambda ctx: ctx["n"] * 2):
    with cloaca.ComputationGraphBuilder(name, graph={"out": {}}) as builder:
        out.__name__ = "out"
        cloaca.node(out)
    return builder


def test_the_values_of_an_invoked_graph_reach_the_next_task(runner, name):
    seen = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(invokes=double())
        def start(ctx):
            ctx.set("n", 21)
            return ctx

        @cloaca.task(dependencies=[start])
        def after(ctx):
            seen.append(ctx.to_dict())
            return ctx

    result = runner.execute(name, Context())

    assert result.status == "Completed"
    assert seen == [{"n": 21, "out": 42}]
    assert result.final_context.to_dict() == {"n": 21, "out": 42}


def test_a_failed_graph_fails_the_attempt_and_the_task_is_retried(runner, name):
    attempts = []
    errors = []

    def out(ctx):
        attempts.append(ctx["n"])
        if len(attempts) < 2:
            raise LookupError("boom")
        return "done"

    with cloaca.WorkflowBuilder(name):

        @cloaca.task(
            invokes=double(out=out),
            retry_attempts=2,
            retry_delay_ms=1,
            on_failure=lambda task_id, error, context: errors.append((error, context.to_dict())),
        )
        def start(ctx):
            ctx.set("n", 1)
            return ctx

    result = runner.execute(name, Context({"given": 1}))

    assert result.status == "Completed"
    assert result.final_context.to_dict() == {"given": 1, "n": 1, "out": "done"}
    message = "computation graph 'double' invocation failed: node 'out' failed: LookupError: boom"
    assert errors == [(message, {"given": 1, "n": 1})]


@pytest.mark.parametrize(
    "wait", [lambda: time.sleep(60), lambda: sum(1 for _ in iter(int, 1))], ids=["waits", "computes"]
)
def test_the_timeout_of_a_task_also_stops_its_graph(runner, name, wait):
    calls = []

    with cloaca.WorkflowBuilder(name):

        @cloaca.task(
            invokes=double(out=lambda ctx: wait()), timeout="50ms", on_failure=lambda *_: calls.append(1), **NO_RETRY
        )
        def start(ctx):
            return ctx

    result = runner.execute(name, Context())

    assert result.status == "Failed"
    assert "timed out" in result.error_message
    assert calls == []


def test_a_graph_returns_the_same_value_in_a_task_and_in_the_program(runner, name):
    graph = double()

    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def start(ctx):
            ctx.set("doubled", graph.execute({"n": 4}))
            return ctx

    assert runner.execute(name, Context()).final_context["doubled"] == graph.execute({"n": 4}) == 8
