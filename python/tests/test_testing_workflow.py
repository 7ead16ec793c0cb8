"""`cloaca.testing.run_workflow`: a workflow in the process of the test, on a clock that jumps."""

from __future__ import annotations

import threading
import time
from unittest.mock import Mock

import pytest

import cloaca
from cloaca import Context
from cloaca.testing import FakeClock, run_workflow


def keep(ctx):
    return ctx


def setting(**values):
    def body(ctx):
        ctx.update_from_dict(values)
        return ctx

    return body


def failing_times(times, error=None):
    """Returns a body that fails at its first `times` calls."""
    calls = []

    def body(ctx):
        calls.append(1)
        if len(calls) <= times:
            raise error or ValueError("boom")
        return ctx

    return body


def declare(name, **bodies):
    """Declares a workflow in which each task depends on the previous one."""
    with cloaca.WorkflowBuilder(name) as builder:
        before = []
        for task_id, body in bodies.items():
            cloaca.task(id=task_id, dependencies=before)(body)
            before = [task_id]
    return builder


def test_contexts_are_merged_along_dependencies_and_recorded_for_each_task(name):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="left")(setting(tags=["a", "b"], n=1))
        cloaca.task(id="right")(setting(tags=["b", "c"], n=1.0))
        cloaca.task(id="both", dependencies=["left", "right"])(setting(done=True))

    run = run_workflow(name, {"order_id": 7})

    assert (run.status, run.error_message) == ("Completed", None)
    assert run.tasks["left"].input.to_dict() == {"order_id": 7}
    assert run.tasks["both"].input.to_json() == '{"order_id":7,"tags":["a","b","c"],"n":1.0}'
    assert run.final_context.to_dict() == {"order_id": 7, "tags": ["a", "b", "c"], "n": 1.0, "done": True}
    assert list(run.tasks) == ["left", "right", "both"]
    assert [task.attempts for task in run.tasks.values()] == [1, 1, 1]


def test_run_workflow_does_not_change_the_given_context(name):
    declare(name, a=setting(x=2))
    context = Context({"x": 1})

    assert run_workflow(name, context).final_context.to_dict() == {"x": 2}
    assert context.to_dict() == {"x": 1}


def test_the_final_context_is_the_last_output_that_is_not_empty(name):
    declare(name, a=setting(x=2), b=lambda ctx: Context())

    assert run_workflow(name).final_context.to_dict() == {"x": 2}
    assert run_workflow(name, {"y": 1}, tasks={"a": Context()}).final_context.to_dict() == {"y": 1}


FAKES = {
    "a function": lambda ctx: Context({"who": ctx["id"]}),
    "an async function": None,
    "a Context": Context({"who": 7}),
    "a dict": {"who": 7},
    "a Mock": Mock(return_value=Context({"who": 7})),
}


async def _who(ctx):
    return Context({"who": ctx["id"]})


@pytest.mark.parametrize("kind", FAKES)
def test_a_fake_replaces_the_body_of_a_task(name, kind):
    def never(ctx):
        raise AssertionError("the network is asked")

    declare(name, ask=never, use=keep)

    run = run_workflow(name, {"id": 7}, tasks={"ask": FAKES[kind] or _who})

    assert run.status == "Completed"
    assert run.final_context["who"] == 7
    # A dict is merged into the input; any other fake returns the whole output.
    assert ("id" in run.final_context) is (kind == "a dict")


def test_a_fake_keeps_the_retries_rule_and_callbacks_of_its_task(name):
    notes = []
    with cloaca.WorkflowBuilder(name):
        options = {"retry_attempts": 2, "on_failure": lambda *arguments: notes.append(arguments[:2])}
        cloaca.task(id="a", trigger_rules=cloaca.context_value("go", "==", True), **options)(keep)

    run = run_workflow(name, {"go": True}, tasks={"a": failing_times(9)})
    skipped = run_workflow(name, {"go": False}, tasks={"a": failing_times(9)})

    assert run.tasks["a"].attempts == 2
    assert notes == [("a", "Python task execution failed: ValueError: boom")] * 2
    assert skipped.tasks["a"].status == "Skipped"


def test_a_fake_may_take_a_handle_independently_of_its_task(name):
    def wait(ctx, handle):
        handle.defer_until(lambda: True, 500)
        return ctx

    clock = FakeClock()
    declare(name, a=keep, b=wait)

    assert run_workflow(name, tasks={"a": wait, "b": keep}, clock=clock).status == "Completed"
    assert clock.elapsed == 0.5


def test_retry_delays_advance_only_the_clock_of_the_test(name):
    hour = 3_600_000
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a", retry_delay_ms=hour, retry_max_delay_ms=10 * hour)(failing_times(2))
    clock = FakeClock("2030-01-02T03:04:05Z")

    run = run_workflow(name, clock=clock)

    assert run.tasks["a"].attempted_at == (0, 3600, 3 * 3600)
    assert (run.status, run.tasks["a"].error) == ("Completed", None)
    assert run.start_time == "2030-01-02T03:04:05.000+00:00"
    assert run.end_time == "2030-01-02T06:04:05.000+00:00"
    assert clock.elapsed == 3 * 3600


def test_other_tasks_run_while_a_task_waits_for_its_next_attempt(name):
    order = []
    flaky = failing_times(1)

    def noted(task_id, body):
        return lambda ctx: order.append(task_id) or body(ctx)

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(noted("a", flaky))
        cloaca.task(id="b")(noted("b", keep))
        cloaca.task(id="c", dependencies=["b"])(noted("c", keep))

    run_workflow(name)

    assert order == ["a", "b", "c", "a"]


def test_a_failed_task_is_returned_with_its_error_and_traceback(name):
    def broken(ctx):
        return ctx["missing"]

    declare(name, a=broken)

    run = run_workflow(name)

    message = "Python task execution failed: KeyError: \"Key not found: 'missing'\""
    assert run.status == "Failed"
    assert run.error_message == f"1 task(s) failed, 0 completed, 0 skipped: a: {message}"
    assert (run.tasks["a"].status, run.tasks["a"].error_type) == ("Failed", "KeyError")
    assert run.tasks["a"].error == message
    assert run.tasks["a"].output is None
    trace = run.tasks["a"].traceback.splitlines()
    assert trace[1] == f'  File "{__file__}", line {broken.__code__.co_firstlineno + 1}, in broken'
    assert "task(s) failed" in repr(run)


def test_the_error_message_of_a_run_names_five_failures_and_counts_the_others(name):
    with cloaca.WorkflowBuilder(name):
        for number in range(7):
            cloaca.task(id=f"t{number}", retry_attempts=1)(failing_times(1, ValueError("boom\nmore")))

    message = run_workflow(name).error_message

    failures = [f"t{number}: Python task execution failed: ValueError: boom" for number in range(5)]
    assert message == f"7 task(s) failed, 0 completed, 0 skipped: {'; '.join(failures)}; and 2 more"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, pytest.fail.Exception])
@pytest.mark.parametrize("takes_handle", [False, True])
def test_a_base_exception_in_a_body_propagates(name, stop, takes_handle):
    def body(ctx):
        raise stop

    def body_with_handle(ctx, handle):
        raise stop

    declare(name, a=body_with_handle if takes_handle else body)

    with pytest.raises(stop):
        run_workflow(name)


def test_bodies_run_on_the_thread_of_the_test(name):
    threads = []
    declare(name, a=lambda ctx: threads.append(threading.current_thread()))

    run_workflow(name)

    assert threads == [threading.current_thread()]


# ------------------------------------------------------------------------------------------- graphs, secrets, arguments


def test_the_graph_of_a_task_runs_after_the_fake_of_its_body(name):
    with cloaca.ComputationGraphBuilder(f"graph-{name}", graph={"doubled": {}}) as graph:

        @cloaca.node
        def doubled(ctx):
            return ctx["n"] * 2

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a", invokes=graph)(failing_times(9))

    assert run_workflow(name, tasks={"a": {"n": 21}}).final_context.to_dict() == {"n": 21, "doubled": 42}


def test_a_body_reads_the_secrets_given_to_run_workflow(name):
    received = []

    def ask(ctx):
        received.append((ctx.secret("db"), ctx.secret_field("db", "user")))

    declare(name, a=ask)

    assert run_workflow(name, secrets={"db": {"user": "reader"}}).status == "Completed"
    assert received == [({"user": "reader"}, "reader")]
    with pytest.raises(RuntimeError, match="secrets backend not configured"):
        Context().secret("db")
    assert run_workflow(name, secrets={}).tasks["a"].error.endswith("KeyError: 'secret not found: db'")
    assert "secrets={'db': {…}}" in run_workflow(name).tasks["a"].error


def test_a_body_reads_the_context_given_to_run_workflow_and_the_failures_of_fakes(name):
    seen = []

    def refuse(ctx):
        raise ConnectionError("no network")

    async def report(ctx, handle):
        seen.extend([ctx.to_dict(), handle.input.to_dict(), handle.failures, handle.traceback("b")])
        assert "no network" in (handle.traceback("a") or "")
        with pytest.raises(KeyError, match=r"the execution has no task 'aa'\. Did you mean 'a'\?"):
            handle.traceback("aa")
        with pytest.raises(TypeError, match="read-only"):
            handle.input.set("order_id", 8)
        seen.append(handle)

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a", retry_attempts=2)(lambda ctx: ctx)
        cloaca.task(id="b")(lambda ctx: ctx)
        cloaca.task(id="report", dependencies=["a"], trigger_rules=cloaca.task_failed("a"))(report)
    run = run_workflow(name, {"order_id": 7}, tasks={"a": refuse})

    assert run.tasks["report"].error is None
    message = "Python task execution failed: ConnectionError: no network"
    failure = {"type": "ConnectionError", "message": message, "attempts": 2}
    assert seen[:4] == [{}, {"order_id": 7}, {"a": failure}, None]
    with pytest.raises(ValueError, match="already been consumed"):
        print(seen[4].failures)


def test_run_workflow_accepts_a_workflow_name_a_builder_or_a_built_workflow(name):
    builder = declare(name, a=setting(x=1))

    for workflow in (name, builder, builder.build()):
        assert run_workflow(workflow).final_context.to_dict() == {"x": 1}


def test_a_built_workflow_need_not_be_registered(name):
    declare(name, a=setting(x=1), b=setting(y=1))
    builder = cloaca.WorkflowBuilder("part", workflow=name)
    builder.add_task("a")

    assert list(run_workflow(builder.build()).tasks) == ["a"]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("nam",), ValueError, r"^no workflow 'nam' is declared\. "),
        ((5,), TypeError, "argument 'workflow': expected str, Workflow or WorkflowBuilder, got int"),
        (("W", 5), TypeError, "argument 'context': expected Context or dict, got int"),
        (("W", {"at": object()}), TypeError, r"unsupported type object at \['at'\]"),
    ],
)
def test_a_wrong_argument_is_refused(name, arguments, error, text):
    declare(name, fetch=keep)

    with pytest.raises(error, match=text):
        run_workflow(*(name if argument == "W" else argument for argument in arguments))


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"tasks": {"fecth": keep}}, ValueError, r"has no task 'fecth' to fake\. Did you mean 'fetch'\?"),
        ({"tasks": {"fetch": 5}}, TypeError, r"argument 'tasks\['fetch'\]': expected a function, a Context or a dict"),
        ({"tasks": {"fetch": {"x": 1j}}}, TypeError, r"unsupported type complex at \['x'\]"),
        ({"tasks": [keep]}, TypeError, "argument 'tasks': expected a dict of fakes by task id, got list"),
        ({"clock": time}, TypeError, "argument 'clock': expected FakeClock, got module"),
        ({"task_timeout_seconds": -1}, ValueError, "task_timeout_seconds must not be negative"),
    ],
)
def test_a_wrong_option_is_refused(name, options, error, text):
    declare(name, fetch=keep)

    with pytest.raises(error, match=text):
        run_workflow(name, **options)


def test_a_chain_of_1000_tasks_completes(name):
    before = []
    with cloaca.WorkflowBuilder(name):
        for number in range(1000):
            cloaca.task(id=f"t{number}", dependencies=before)(keep)
            before = [f"t{number}"]
        cloaca.task(id="end", dependencies=[f"t{number}" for number in range(1000)])(keep)

    assert run_workflow(name, {"x": 1}).tasks["end"].attempts == 1
