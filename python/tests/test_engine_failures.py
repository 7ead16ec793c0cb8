"""`TaskHandle.input`, `failures` and `traceback` in the engine: a task reads its execution's input and failures."""

from __future__ import annotations

import asyncio
import threading

import pytest
from engine import NO_RETRY, fail, keep, needs_engine

import cloaca
from cloaca import Context

pytestmark = needs_engine

MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def runner():
    with cloaca.DefaultRunner(":memory:") as opened:
        yield opened


def result_of(runner, name, context=None):
    return runner.execute(name, context or Context())


def failing_task(**options):
    """Declares the task `fetch`, which fails."""
    return cloaca.task(id="fetch", **{**NO_RETRY, **options})(fail)


def after_failure(body, dependencies=("fetch",)):
    """Declares the task `report`, which runs after `fetch` failed."""
    rule = cloaca.task_failed("fetch")
    return cloaca.task(id="report", dependencies=list(dependencies), trigger_rules=rule, **NO_RETRY)(body)


def run_report(runner, name, body, context=None):
    """Runs `fetch`, which fails, and then the body. Fails the test with the error of the body."""
    with cloaca.WorkflowBuilder(name):
        failing_task()
        after_failure(body)
    result = result_of(runner, name, context)
    assert "1 task(s) failed, 1 completed" in result.error_message, result.error_message
    return result.final_context


def test_a_task_reads_the_initial_context_which_its_own_context_lacks(runner, name):
    def report(ctx, handle):
        assert len(ctx) == 0
        ctx.set("read", handle.input.to_dict())
        return ctx

    context = Context({"order_id": 7, "exact": 1.0})

    assert run_report(runner, name, report, context)["read"] == {"order_id": 7, "exact": 1.0}


def test_the_initial_context_keeps_the_text_of_its_numbers(runner, name):
    final = run_report(runner, name, lambda ctx, handle: handle.input, Context({"exact": 1.0, "big": 2**60}))

    assert final.to_json() == '{"exact":1.0,"big":1152921504606846976}'


def test_a_task_reads_the_error_and_the_attempts_of_a_failed_task(runner, name):
    seen = []

    with cloaca.WorkflowBuilder(name):
        failing_task(retry_attempts=3, retry_delay_ms=1)
        after_failure(lambda ctx, handle: seen.append(handle.failures))
    result_of(runner, name)

    message = "Python task execution failed: ValueError: boom"
    assert seen == [{"fetch": {"type": "ValueError", "message": message, "attempts": 3}}]


def test_a_task_reads_the_traceback_of_a_failed_task(runner, name):
    seen = []

    run_report(runner, name, lambda ctx, handle: seen.append(handle.traceback("fetch")))

    assert seen[0].startswith("Traceback (most recent call last):\n")
    assert 'raise ValueError("boom")' in seen[0]


def test_a_task_that_did_not_fail_has_no_traceback_and_an_unknown_task_raises_key_error(runner, name):
    def report(ctx, handle):
        assert handle.traceback("good") is None
        assert handle.traceback("report") is None
        with pytest.raises(KeyError, match=r'the execution has no task "fetsh"\. Did you mean "fetch"\?'):
            handle.traceback("fetsh")

    with cloaca.WorkflowBuilder(name):
        failing_task()
        cloaca.task(id="good", **NO_RETRY)(keep)
        after_failure(report, ["fetch", "good"])

    assert "1 task(s) failed, 2 completed" in result_of(runner, name).error_message


def test_an_async_task_reads_the_facts_also_in_its_tasks_and_threads(runner, name):
    async def report(ctx, handle):
        async def read():
            await asyncio.sleep(0)
            return list(handle.failures)

        assert handle.input["order_id"] == 7
        assert await asyncio.gather(read(), read()) == [["fetch"], ["fetch"]]
        assert "boom" in (await asyncio.to_thread(handle.traceback, "fetch"))
        return ctx

    run_report(runner, name, report, Context({"order_id": 7}))


def test_a_thread_that_another_call_started_reads_the_facts_of_the_handle(runner, name):
    orders, answers = [], []
    has_order, has_answer = threading.Event(), threading.Event()

    def serve():
        has_order.wait()
        answers.append(orders[0].input["order_id"])
        has_answer.set()

    server = threading.Thread(target=serve, daemon=True)
    server.start()

    def report(ctx, handle):
        orders.append(handle)
        has_order.set()
        has_answer.wait()

    run_report(runner, name, report, Context({"order_id": 7}))
    server.join()

    assert answers == [7]


def test_failures_are_those_at_the_beginning_of_the_attempt(runner, name):
    seen = []

    def fetch(ctx, handle):
        handle.defer_until(lambda: len(seen) > 0, 1)
        raise ValueError("boom")

    def watch(ctx, handle):
        seen.append(sorted(handle.failures))
        handle.defer_until(lambda: "report ran" in seen, 1)
        seen.append(sorted(handle.failures))
        assert handle.traceback("fetch") is None

    def report(ctx, handle):
        seen.append(sorted(handle.failures))
        seen.append("report ran")

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="early", **NO_RETRY)(fail)
        cloaca.task(id="fetch", **NO_RETRY)(fetch)
        cloaca.task(id="watch", dependencies=["early"], **NO_RETRY)(watch)
        after_failure(report, ["fetch"])
    result = result_of(runner, name)

    assert "2 task(s) failed, 2 completed" in result.error_message, result.error_message
    assert seen == [["early"], ["early", "fetch"], "report ran", ["early"]]


def test_failures_have_the_order_in_which_the_tasks_failed(runner, name):
    seen = []
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="b", **NO_RETRY)(fail)
        cloaca.task(id="1", dependencies=["b"], **NO_RETRY)(fail)
        cloaca.task(id="0", dependencies=["1"], **NO_RETRY)(fail)
        cloaca.task(id="report", dependencies=["0"], **NO_RETRY)(lambda ctx, handle: seen.append(list(handle.failures)))
    result_of(runner, name)

    assert seen == [["b", "1", "0"]]


def test_a_retried_attempt_reads_the_failures_at_its_own_beginning(runner, name):
    seen = []

    def report(ctx, handle):
        seen.append((sorted(handle.failures), "report" in handle.failures))
        if len(seen) == 1:
            raise ValueError("again")

    with cloaca.WorkflowBuilder(name):
        failing_task()
        cloaca.task(id="report", dependencies=["fetch"], retry_attempts=2, retry_delay_ms=1)(report)
    result_of(runner, name)

    assert seen == [(["fetch"], False), (["fetch"], False)]


def test_a_task_without_failures_before_it_reads_an_empty_dict(runner, name):
    seen = []
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="only", **NO_RETRY)(lambda ctx, handle: seen.append((handle.failures, handle.input.to_json())))
    result_of(runner, name, Context({"n": 1}))

    assert seen == [({}, '{"n":1}')]


def test_a_handle_cannot_read_facts_after_its_body_ended(runner, name):
    kept = []
    run_report(runner, name, lambda ctx, handle: kept.append(handle))

    for read in (lambda: kept[0].input, lambda: kept[0].failures, lambda: kept[0].traceback("fetch")):
        with pytest.raises(ValueError, match="already been consumed"):
            read()


@pytest.mark.parametrize(("letter", "mebibytes"), [("x", 63), ("é", 4)])
def test_a_task_reads_a_large_initial_context(runner, name, letter, mebibytes):
    text = letter * (mebibytes * MEBIBYTE // len(letter.encode()))

    def report(ctx, handle):
        ctx.set("length", len(handle.input["text"]))
        return ctx

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="first", **NO_RETRY)(lambda ctx: Context({"small": 1}))
        cloaca.task(id="report", dependencies=["first"], **NO_RETRY)(report)
    result = result_of(runner, name, Context({"text": text}))

    assert result.final_context.to_dict() == {"small": 1, "length": len(text)}
