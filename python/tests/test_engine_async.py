"""Async tasks, callbacks and conditions: a script runs all of them in one event loop until the script ends."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import sys
import threading

import pytest
from engine import NO_RETRY, needs_engine, wait_for
from limits import LIMIT

import cloaca
from cloaca import Context
from cloaca._border import calls

pytestmark = needs_engine


def declare(name, body, **options):
    """Declares a workflow of one task without retries."""
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="step", **NO_RETRY, **options)(body)


def loop_of(runner, name, body):
    """Runs an async function in a task, and returns the event loop of the task."""
    seen = []

    async def note(ctx):
        seen.append(asyncio.get_running_loop())
        await body()

    declare(name, note)
    assert runner.execute(name, Context()).status == "Completed"
    return seen[0]


async def nothing():
    """Returns immediately."""


async def in_a_thread(function):
    """Works like ``asyncio.to_thread``, but ends its thread: remaining threads would cause time slicing."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, contextvars.copy_context().run, function)


def test_all_async_tasks_share_one_event_loop_that_runs_between_executions(runner, name):
    first, second = loop_of(runner, name, nothing), loop_of(runner, f"{name}-2", nothing)

    assert first is second
    assert first.is_running()
    answer = asyncio.run_coroutine_threadsafe(asyncio.sleep(0, "still there"), first)
    assert answer.result(LIMIT) == "still there"


def test_an_asyncio_task_started_by_a_task_continues_after_the_task_ends(runner, name):
    queue = None
    echoes = []

    async def echo():
        while True:
            echoes.append(await queue.get())

    async def body(ctx):
        nonlocal queue
        if queue is None:
            queue = asyncio.Queue()
            ctx.set("echo", asyncio.create_task(echo()).get_name())
        queue.put_nowait(len(echoes))

    declare(name, body)

    for _ in range(3):
        assert runner.execute(name, Context()).status == "Completed"
        wait_for(queue.empty)

    assert echoes == [0, 1, 2]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio has barriers since 3.11")
def test_async_tasks_run_concurrently(runner, name):
    barrier = asyncio.Barrier(3)

    async def body(ctx):
        await barrier.wait()

    declare(name, body)
    threads = [threading.Thread(target=runner.execute, args=(name, Context())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)

    assert not any(thread.is_alive() for thread in threads)


def test_each_execution_has_its_own_context_variables_inherited_by_asyncio_tasks_and_threads(runner, name):
    variable = contextvars.ContextVar("variable", default="unset")
    seen = []

    async def read():
        await asyncio.sleep(0)
        return variable.get()

    async def body(ctx):
        seen.append(variable.get())
        variable.set("set")
        seen.append(await asyncio.gather(read(), asyncio.create_task(read())))
        seen.append(await in_a_thread(variable.get))

    declare(name, body)
    for _ in range(2):
        assert runner.execute(name, Context()).status == "Completed"

    assert seen == ["unset", ["set", "set"], "set"] * 2
    assert variable.get() == "unset"


def test_asyncio_tasks_and_threads_of_an_execution_have_its_call_token(runner, name):
    tokens = {}

    async def later():
        await asyncio.sleep(0)
        return calls.current_token()

    async def body(ctx):
        mine = calls.current_token()
        tokens[ctx["number"]] = [
            mine,
            await later(),
            await asyncio.create_task(later()),
            await in_a_thread(calls.current_token),
        ]
        assert calls.current_token() == mine

    declare(name, body)
    for number in range(2):
        assert runner.execute(name, Context({"number": number})).status == "Completed"

    assert [len(set(each)) for each in tokens.values()] == [1, 1]
    assert 0 < tokens[0][0] != tokens[1][0] > 0


def test_an_exception_in_an_async_task_fails_only_that_task(runner, name):
    async def fail(ctx):
        await asyncio.sleep(0)
        raise ValueError("boom")

    declare(name, fail)
    result = runner.execute(name, Context())

    assert result.status == "Failed"
    assert "ValueError: boom" in result.error_message
    assert loop_of(runner, f"{name}-2", nothing).is_running()


@pytest.mark.parametrize("in_a_task", [False, True])
def test_system_exit_in_an_async_task_fails_the_task_and_keeps_the_loop_running(runner, name, in_a_task):
    async def leave():
        raise SystemExit(3)

    async def body(ctx):
        await (asyncio.create_task(leave()) if in_a_task else leave())

    declare(name, body)
    result = runner.execute(name, Context())

    assert (result.status, "SystemExit: 3" in result.error_message) == ("Failed", True)
    assert loop_of(runner, f"{name}-2", nothing).is_running()


class Enough(BaseException):
    pass


async def await_what_is_cancelled():
    child = asyncio.ensure_future(asyncio.sleep(LIMIT))
    asyncio.get_running_loop().call_soon(child.cancel)
    await child


async def raise_enough():
    raise Enough


@pytest.mark.parametrize("body", [await_what_is_cancelled, raise_enough])
def test_a_base_exception_fails_an_async_task_and_calls_on_failure(runner, name, body):
    errors = []

    async def fails(ctx):
        await body()

    async def tell(task_id, error, ctx):
        errors.append(error.split(":")[:2])

    declare(name, fails, on_failure=tell)

    assert runner.execute(name, Context()).status == "Failed"
    kind = "Enough" if body is raise_enough else "CancelledError"
    assert errors == [["Python task execution failed", f" {kind}"]]


def test_a_cancelled_error_in_an_async_callback_is_printed_and_keeps_the_outcome(runner, name, capsys):
    runs = []

    async def body(ctx):
        runs.append(ctx)

    async def callback(task_id, ctx):
        await await_what_is_cancelled()

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="step", retry_attempts=3, retry_delay_ms=1, on_success=callback)(body)

    assert runner.execute(name, Context()).status == "Completed"
    assert len(runs) == 1
    assert "[cloaca] on_success callback failed for task 'step': CancelledError: " in capsys.readouterr().err


def test_an_async_task_can_execute_an_async_workflow_while_the_loop_keeps_running(runner, name):
    # `execute` blocks its task, so the loop of the task must also run the inner workflow.
    seen = []
    turns = 0

    async def count():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def inner(ctx):
        before = turns
        while turns < before + 3:
            await asyncio.sleep(0)
        seen.append(asyncio.get_running_loop())
        ctx.set("depth", ctx["depth"] + 1)
        return ctx

    async def outer(ctx):
        counting = asyncio.create_task(count())
        task, loop, thread = asyncio.current_task(), asyncio.get_running_loop(), threading.get_ident()
        first = runner.execute(f"{name}-inner", Context({"depth": 1}))
        second = runner.execute(f"{name}-inner", first.final_context)
        assert (asyncio.current_task(), asyncio.get_running_loop(), threading.get_ident()) == (task, loop, thread)
        counting.cancel()
        await asyncio.sleep(0)
        ctx.set("depth", second.final_context["depth"])
        seen.append(loop)
        return ctx

    declare(f"{name}-inner", inner)
    declare(name, outer)
    declare(f"{name}-outermost", lambda ctx: runner.execute(name, ctx).final_context)

    assert runner.execute(f"{name}-outermost", Context()).final_context["depth"] == 3
    assert len(set(seen)) == 1


def test_async_tasks_that_execute_workflows_recursively_all_complete(runner, name):
    async def body(ctx):
        depth = ctx["depth"]
        await asyncio.sleep(0)
        if depth:
            results = [runner.execute(name, Context({"depth": depth - 1})) for _ in range(2)]
            ctx.set("count", 1 + sum(each.final_context["count"] for each in results))
        else:
            ctx.set("count", 1)
        return ctx

    declare(name, body)

    assert runner.execute(name, Context({"depth": 3})).final_context["count"] == 15


def test_an_async_task_defers_until_an_async_condition_holds(runner, name):
    event = asyncio.Event()
    held = []

    async def is_set():
        await asyncio.sleep(0)
        return event.is_set()

    async def set_it(ctx):
        event.set()

    async def body(ctx, handle):
        handle.defer_until(is_set, 1)
        held.append(handle.is_slot_held())

    declare(name, body)
    declare(f"{name}-2", set_it)
    waiting = threading.Thread(target=runner.execute, args=(name, Context()))
    waiting.start()
    assert runner.execute(f"{name}-2", Context()).status == "Completed"
    waiting.join(LIMIT)

    assert held == [True]


def test_the_async_condition_of_a_sync_task_runs_in_the_shared_loop(runner, name):
    loops = []

    async def condition():
        loops.append(asyncio.get_running_loop())
        return True

    declare(name, lambda ctx, handle: handle.defer_until(condition, 1) or ctx)

    assert runner.execute(name, Context()).status == "Completed"
    assert loops == [loop_of(runner, f"{name}-2", nothing)]


def test_async_callbacks_run_in_the_shared_loop(runner, name):
    loops = []

    async def callback(*_):
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())

    async def fail(ctx):
        raise ValueError("boom")

    declare(name, lambda ctx: ctx, on_success=callback)
    declare(f"{name}-2", fail, on_failure=callback)
    runner.execute(name, Context())
    runner.execute(f"{name}-2", Context())

    assert loops == [loop_of(runner, f"{name}-3", nothing)] * 2


def test_asyncio_run_in_a_sync_task_uses_its_own_loop_and_closes_its_generators(runner, name):
    closed = []

    async def numbers(who):
        try:
            while True:
                yield who
                await asyncio.sleep(0)
        finally:
            closed.append(who)

    async def take_one(who):
        generator = numbers(who)
        kept.append(generator)
        assert await generator.__anext__() == who
        return asyncio.get_running_loop()

    kept, loops = [], []

    async def in_loop(ctx):
        loops.append(await take_one("shared"))

    def alone(ctx):
        loops.append(asyncio.run(take_one("own")))

    declare(name, in_loop)
    declare(f"{name}-2", alone)
    runner.execute(name, Context())
    runner.execute(f"{name}-2", Context())

    assert closed == ["own"]
    assert (loops[0].is_running(), loops[1].is_closed()) == (True, True)
