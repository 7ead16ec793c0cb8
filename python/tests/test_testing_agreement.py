"""Agreement of the engine and `cloaca.testing`: both run each workflow with the same result.

The tests also compare the notes of bodies and callbacks: inputs, arguments, and numbers of calls.
"""

from __future__ import annotations

import time

import pytest
from engine import needs_engine

import cloaca
from cloaca import Context
from cloaca.testing import FakeClock, run_workflow

pytestmark = needs_engine

WORKFLOWS = {}


def workflow(declare):
    """Adds a case: a function that declares tasks, which append to the given list of notes."""
    WORKFLOWS[declare.__name__] = declare
    return declare


def noting(notes, body):
    """Returns a body that notes its input before it runs `body`."""

    def noted(ctx):
        notes.append((body.__name__, ctx.to_json()))
        return body(ctx)

    return noted


def keep(ctx):
    return ctx


def fail(ctx):
    ctx.set("edited", True)
    raise ValueError("boom")


def setting(**values):
    def put(ctx):
        ctx.update_from_dict(values)
        return ctx

    return put


def failing_times(times, text="boom"):
    calls = []

    def flaky(ctx):
        calls.append(1)
        if len(calls) <= times:
            raise ValueError(text)
        return ctx

    return flaky


@workflow
def outputs_are_merged_in_the_order_of_the_dependencies(notes):
    cloaca.task(id="a")(setting(o={"x": 1, "l": [1, 1]}, k="a", big=2**63, only=[1, 1]))
    cloaca.task(id="b")(setting(o={"y": 2, "l": [1.0, 1, True]}, k="b", big=1.0))
    cloaca.task(id="c", dependencies=["b", "a"])(noting(notes, keep))
    cloaca.task(id="d", dependencies=["a", "b"])(noting(notes, keep))
    cloaca.task(id="e", dependencies=["d", "c"])(noting(notes, keep))


@workflow
def failures_and_skips_do_not_spread(notes):
    cloaca.task(id="bad", retry_attempts=1)(fail)
    cloaca.task(id="skip", trigger_rules=cloaca.any_of())(noting(notes, keep))
    cloaca.task(id="after", dependencies=["bad", "skip"])(noting(notes, keep))
    cloaca.task(id="alarm", dependencies=["bad"], trigger_rules=cloaca.task_failed("bad"))(noting(notes, setting(on=1)))
    cloaca.task(id="end", dependencies=["alarm", "after"], trigger_rules=cloaca.task_success("alarm"))(
        noting(notes, keep)
    )


@workflow
def handles_read_the_initial_context_and_the_failures(notes):
    def noting_facts(ctx, handle):
        notes.append((ctx.to_json(), handle.input.to_json(), handle.failures))
        notes.append([(task, handle.traceback(task)) for task in ("bad", "worse", "good", "end")])

    cloaca.task(id="bad", retry_attempts=2, retry_delay_ms=1)(fail)
    cloaca.task(id="worse", dependencies=["bad"], retry_attempts=1)(failing_times(9))
    cloaca.task(id="good", dependencies=["worse"])(keep)
    cloaca.task(id="end", dependencies=["good"])(noting_facts)


@workflow
def retries_begin_from_the_same_input(notes):
    def note_call(*arguments):
        notes.append((*arguments[:-1], arguments[-1].to_json()))

    options = {"retry_delay_ms": 1, "on_success": note_call, "on_failure": note_call}
    cloaca.task(id="a", **options)(noting(notes, failing_times(2)))
    cloaca.task(id="b", dependencies=["a"], retry_attempts=2, **options)(noting(notes, fail))


@workflow
def retry_conditions(notes):
    before = []
    for number, (condition, text) in enumerate(
        [("never", "timeout"), ("transient", "boom"), ("transient", "RATE limit"), ("all", "boom")]
    ):
        task_id = f"t{number}"
        body = noting(notes, failing_times(1, text))
        cloaca.task(id=task_id, dependencies=before, retry_condition=condition, retry_delay_ms=1)(body)
        before = [task_id]


@workflow
def retry_error_patterns(notes):
    policy = cloaca.RetryPolicy.builder().max_attempts(2).initial_delay(0.001)
    policy = policy.retry_condition(cloaca.RetryCondition.error_pattern(["429", "Slow Down"]))
    before = []
    for number, text in enumerate(["HTTP 429", "please SLOW down", "HTTP 500"]):
        cloaca.task(id=f"t{number}", dependencies=before, retry=policy.build())(noting(notes, failing_times(1, text)))
        before = [f"t{number}"]


@workflow
def return_values_and_exceptions_of_bodies(notes):
    def dropped(ctx):
        ctx.set("edited", True)

    def exits(ctx):
        raise SystemExit(2)

    cloaca.task(id="none")(dropped)
    cloaca.task(id="junk", dependencies=["none"], retry_attempts=1)(lambda ctx: {"x": 1})
    cloaca.task(id="exit", dependencies=["none"], retry_attempts=1)(exits)
    cloaca.task(id="other", dependencies=["none", "exit"])(noting(notes, lambda ctx: Context({"other": 1})))
    cloaca.task(id="empty", dependencies=["other"])(lambda ctx: Context())


@workflow
def async_bodies_and_callbacks(notes):
    async def body(ctx):
        ctx.set("n", ctx.get("n", 0) + 1)
        return ctx

    async def broken(ctx):
        raise ValueError("async boom")

    async def note_call(task_id, error, ctx):
        notes.append((task_id, error, ctx.to_json()))

    cloaca.task(id="a")(body)
    cloaca.task(id="b", dependencies=["a"], retry_attempts=1, on_failure=note_call)(broken)
    cloaca.task(id="c", dependencies=["b", "a"])(body)


@workflow
def graphs_of_tasks(notes):
    with cloaca.ComputationGraphBuilder("graph-agreement", graph={"out": {}}) as graph:

        @cloaca.node
        def out(ctx):
            return ctx["n"] * 2

    def note_call(*arguments):
        notes.append((*arguments[:-1], arguments[-1].to_json()))

    def after(ctx):
        ctx.set("after", True)
        return ctx

    cloaca.task(id="a", invokes=graph, post_invocation=after, on_success=note_call)(setting(n=21))
    cloaca.task(id="b", invokes=graph, retry_attempts=1, on_failure=note_call)(keep)


@workflow
def more_failures_than_the_error_message_names(notes):
    for number in range(7):
        cloaca.task(id=f"t{number}", retry_attempts=1)(fail)


@workflow
def a_deferral_ended_by_another_task(notes):
    done = []

    def wait(ctx, handle):
        notes.append(("held", handle.is_slot_held()))
        handle.defer_until(lambda: bool(done), 5)
        notes.append(("held again", handle.is_slot_held()))
        ctx.set("waited", True)
        return ctx

    cloaca.task(id="a")(wait)
    cloaca.task(id="b")(lambda ctx: done.append(1))


@workflow
def a_deferral_that_never_ends(notes):
    def note_call(*arguments):
        notes.append(arguments)

    cloaca.task(id="a", timeout="50ms", retry_attempts=1, on_failure=note_call)(
        lambda ctx, handle: handle.defer_until(lambda: False, 5)
    )


AGREED = cloaca.limit("agreed", max_active=2, per="tenant")
OTHER = cloaca.limit("agreed-other", max_active=2)


@workflow
def values_that_limits_refuse(notes):
    for number, tenant in enumerate([[1], {"id": 1}, "\u00e4" * 100, "\u00e4" * 99, None, 1.0]):
        cloaca.task(id=f"a{number}")(setting(tenant=tenant))
        cloaca.task(id=f"b{number}", dependencies=[f"a{number}"], limits=[AGREED, OTHER])(noting(notes, keep))


@workflow
def tries_later(notes):
    def trying_later(limit):
        calls = []

        def body(ctx):
            calls.append(1)
            notes.append((limit, len(calls)))
            if len(calls) < 3:
                raise cloaca.TryLater("1ms", limit=limit)
            return ctx

        return body

    def note_call(task_id, error, ctx):
        notes.append((task_id, error, ctx.to_json()))

    options = {"limits": [AGREED], "retry_attempts": 2, "retry_delay_ms": 1, "on_failure": note_call}
    cloaca.task(id="a", **options)(trying_later(None))
    cloaca.task(id="b", dependencies=["a"], **options)(trying_later("agreed"))
    cloaca.task(id="c", dependencies=["b"], **options)(trying_later("agreed-other"))


@workflow
def tries_later_too_often(notes):
    def body(ctx):
        notes.append("called")
        raise cloaca.TryLater("0s")

    cloaca.task(id="a")(body)


@workflow
def rules_about_the_context(notes):
    cloaca.task(id="a")(setting(rows=3))
    for number, rule in enumerate(
        [
            cloaca.context_value("rows", ">", 2.5),
            cloaca.context_value("rows", "==", 3.0),
            cloaca.context_value("gone", "!=", 1),
            cloaca.none_of(cloaca.context_value("rows", "exists", None), cloaca.task_failed("a")),
            cloaca.all_of(cloaca.task_success("nobody")),
        ]
    ):
        cloaca.task(id=f"t{number}", dependencies=["a"], trigger_rules=rule)(setting(**{f"ran{number}": True}))
    cloaca.task(id="end", dependencies=[f"t{number}" for number in range(5)])(noting(notes, keep))


@pytest.fixture(scope="module")
def runner():
    with cloaca.DefaultRunner(":memory:") as opened:
        yield opened


def declared(declare, key):
    """Declares the workflow of a case, and returns the list of its notes."""
    notes = []
    with cloaca.WorkflowBuilder(key):
        declare(notes)
    return notes


@pytest.mark.parametrize("title", WORKFLOWS)
def test_the_engine_and_run_workflow_have_the_same_result(runner, name, title):
    context = Context({"order_id": 7, "exact": 1.0})

    notes = declared(WORKFLOWS[title], name)
    result = runner.execute(name, context)
    notes_of_test = declared(WORKFLOWS[title], name)
    run = run_workflow(name, context)

    assert run.status == result.status
    assert run.error_message == result.error_message
    assert run.final_context.to_json() == result.final_context.to_json()
    # The engine may run independent tasks in any order.
    assert sorted(map(str, notes_of_test)) == sorted(map(str, notes))


def test_the_engine_and_run_workflow_report_a_timeout_with_the_same_message(runner, name):
    def declare(body):
        with cloaca.WorkflowBuilder(name):
            cloaca.task(id="a", timeout="150ms", retry_attempts=1)(body)

    clock = FakeClock()
    declare(lambda ctx: time.sleep(600))
    message = runner.execute(name, Context()).error_message
    declare(lambda ctx: clock.advance(600))

    assert run_workflow(name, clock=clock).error_message == message
