"""`DefaultRunner.execute`: results, contexts of tasks, and failures."""

from __future__ import annotations

import datetime
import threading

import pytest
from engine import NO_RETRY, fail, keep, needs_engine
from limits import LIMIT

import cloaca
from cloaca import Context

pytestmark = needs_engine


def declare(name, tasks):
    """Declares a workflow without retries. `tasks` maps ids to (dependencies, body)."""
    with cloaca.WorkflowBuilder(name):
        for task_id, (dependencies, body) in tasks.items():
            cloaca.task(id=task_id, dependencies=dependencies, **NO_RETRY)(body)


def setting(**values):
    """Returns a body that sets keys of its context."""

    def body(ctx):
        ctx.update_from_dict(values)
        return ctx

    return body


def giving(data):
    """Returns a body whose output is exactly this dict."""
    return lambda ctx: Context(data)


def seeing(seen):
    """Returns a body that appends its input to a list."""

    def body(ctx):
        seen.append(ctx.to_dict())
        return ctx

    return body


def test_an_execution_completes_with_the_output_of_its_last_task(runner, name):
    declare(name, {"a": ([], setting(x=1)), "b": (["a"], setting(y=1.0))})

    result = runner.execute(name, Context({"who": "Ada"}))

    assert result.status == "Completed"
    assert result.error_message is None
    assert repr(result) == "WorkflowResult(status=Completed, error=None)"
    assert result.final_context.to_dict() == {"who": "Ada", "x": 1, "y": 1.0}
    assert type(result.final_context["y"]) is float


def test_the_start_and_end_times_of_an_execution_are_utc_and_in_order(runner, name):
    declare(name, {"a": ([], keep)})
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)

    result = runner.execute(name, Context())

    start, end = (datetime.datetime.fromisoformat(text) for text in (result.start_time, result.end_time))
    assert result.start_time.endswith("+00:00")
    assert before <= start <= end


def test_context_values_keep_their_types_from_task_to_task(runner, name):
    data = {"f": 1.0, "i": 1, "big": 2**60, "huge": 2**64 - 1, "t": "é🙂\u2028", "n": None, "xs": [1.0, [True, {}]]}
    declare(name, {"a": ([], keep), "b": (["a"], lambda ctx: Context(ctx.to_dict())), "c": (["b"], keep)})

    final = runner.execute(name, Context(data)).final_context.to_dict()

    assert final == data
    assert [type(final[key]) for key in ("f", "i", "big")] == [float, int, int]
    assert type(final["xs"][0]) is float


def test_execute_adds_no_keys_to_the_initial_context(runner, name):
    seen = []
    declare(name, {"a": ([], seeing(seen))})

    runner.execute(name, Context())

    assert seen == [{}]


def test_execute_does_not_change_the_callers_context(runner, name):
    declare(name, {"a": ([], setting(x=2))})
    context = Context({"x": 1})

    runner.execute(name, context)

    assert context.to_dict() == {"x": 1}


def test_reading_final_context_returns_a_new_copy_each_time(runner, name):
    declare(name, {"a": ([], keep)})
    result = runner.execute(name, Context({"x": 1}))

    result.final_context.set("x", 2)

    assert result.final_context["x"] == 1


def test_each_root_task_receives_the_initial_context_without_edits_of_other_tasks(runner, name):
    seen = []
    declare(name, {"a": ([], setting(a=1)), "b": ([], seeing(seen))})

    runner.execute(name, Context({"x": 1}))

    assert seen == [{"x": 1}]


MERGES = [
    ("a later dependency wins", [{"k": 1}, {"k": "two"}], {"k": "two"}),
    ("keys of all outputs are kept", [{"a": 1}, {"b": 2}], {"a": 1, "b": 2}),
    ("objects merge by key", [{"o": {"a": 1, "x": {"p": 1}}}, {"o": {"b": 2, "x": {"q": 2}}}],
     {"o": {"a": 1, "b": 2, "x": {"p": 1, "q": 2}}}),
    ("lists are joined without duplicates", [{"l": [1, 2, {"a": 1}]}, {"l": [2, 3, {"a": 1}]}],
     {"l": [1, 2, {"a": 1}, 3]}),
    ("1 and 1.0 are different elements", [{"l": [1]}, {"l": [1.0]}], {"l": [1, 1.0]}),
    ("a later value of another type wins", [{"k": [1]}, {"k": {"a": 1}}], {"k": {"a": 1}}),
    ("None overwrites a value", [{"k": 1}, {"k": None}], {"k": None}),
]  # fmt: skip


@pytest.mark.parametrize(("title", "outputs", "merged"), MERGES, ids=[merge[0] for merge in MERGES])
def test_a_task_receives_the_merged_outputs_of_its_dependencies(runner, name, title, outputs, merged):
    seen = []
    first, second = outputs
    declare(
        name,
        {
            "first": ([], giving(first)),
            "second": (["first"], giving(second)),
            "end": (["first", "second"], seeing(seen)),
        },
    )

    runner.execute(name, Context({"initial": True}))

    assert seen == [merged]
    assert repr(seen[0].get("l")) == repr(merged.get("l"))


def test_outputs_are_merged_in_the_declared_order_of_the_dependencies(runner, name):
    seen = []
    declare(
        name,
        {
            "first": ([], giving({"k": "first"})),
            "second": (["first"], giving({"k": "second"})),
            "end": (["second", "first"], seeing(seen)),
        },
    )

    runner.execute(name, Context())

    assert seen == [{"k": "first"}]


def test_only_outputs_of_direct_dependencies_are_merged(runner, name):
    seen = []
    declare(name, {"a": ([], giving({"a": 1})), "b": (["a"], giving({"b": 1})), "c": (["b"], seeing(seen))})

    runner.execute(name, Context())

    assert seen == [{"b": 1}]


def test_a_failed_task_fails_the_execution_without_an_exception_in_execute(runner, name):
    declare(name, {"a": ([], fail)})

    result = runner.execute(name, Context({"x": 1}))

    assert result.status == "Failed"
    assert result.error_message.startswith("1 task(s) failed, 0 completed, 0 skipped")
    assert repr(result) == f"WorkflowResult(status=Failed, error={result.error_message})"
    assert result.final_context.to_dict() == {"x": 1}


def test_a_task_runs_with_an_empty_context_after_its_dependency_failed(runner, name):
    seen = []
    declare(name, {"a": ([], fail), "b": (["a"], seeing(seen))})

    result = runner.execute(name, Context({"x": 1}))

    assert seen == [{}]
    assert result.error_message.startswith("1 task(s) failed, 1 completed, 0 skipped")


def test_an_async_task_is_awaited(runner, name):
    async def body(ctx):
        import asyncio

        await asyncio.sleep(0)
        ctx.set("awaited", True)
        return ctx

    declare(name, {"a": ([], body)})

    assert runner.execute(name, Context()).final_context["awaited"] is True


def test_an_unknown_workflow_is_refused(runner):
    with pytest.raises(ValueError, match=r"Workflow execution failed: .*Workflow not found in registry: no such one"):
        runner.execute("no such one", Context())


def test_a_workflow_declared_after_the_runner_was_created_can_be_executed(runner, name):
    declare(name, {"a": ([], setting(version=1))})
    assert runner.execute(name, Context()).final_context["version"] == 1

    declare(name, {"a": ([], setting(version=2))})
    assert runner.execute(name, Context()).final_context["version"] == 2


def test_a_workflow_can_be_executed_by_its_alias(runner, name):
    declare(name, {"a": ([], setting(x=1))})
    builder = cloaca.WorkflowBuilder(name)
    builder.add_task("a")
    cloaca.register_workflow_constructor(f"{name}-alias", builder.build)

    assert runner.execute(f"{name}-alias", Context()).final_context["x"] == 1


def test_a_workflow_is_executed_by_its_key_and_not_its_title(runner, name):
    with cloaca.WorkflowBuilder("A nice title", workflow=name, tenant="acme", package="jobs"):
        cloaca.task(id="a")(keep)

    assert runner.execute(name, Context()).status == "Completed"
    with pytest.raises(ValueError, match="not found in registry: A nice title"):
        runner.execute("A nice title", Context())


def test_independent_tasks_run_at_the_same_time(runner, name):
    meeting = threading.Barrier(3, timeout=LIMIT)

    def body(ctx):
        meeting.wait()
        return ctx

    declare(name, {"a": ([], body), "b": ([], body), "c": ([], body)})

    assert runner.execute(name, Context()).status == "Completed"


def test_a_task_may_execute_another_workflow_on_the_same_runner(runner, name):
    declare(f"{name}-inner", {"a": ([], setting(inner=1.0))})
    declare(name, {"a": ([], lambda ctx: runner.execute(f"{name}-inner", ctx).final_context)})

    assert runner.execute(name, Context()).final_context.to_dict() == {"inner": 1.0}


def test_execute_calls_from_three_threads_run_at_the_same_time(runner, name):
    results, meeting = [], threading.Barrier(3, timeout=LIMIT)

    def body(ctx):
        meeting.wait()
        return ctx

    def call(number):
        results.append(runner.execute(name, Context({"number": number})).final_context["number"])

    declare(name, {"a": ([], body)})
    threads = [threading.Thread(target=call, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == [0, 1, 2]


def test_tasks_share_the_module_globals_of_the_program(runner, name):
    counter = []

    def body(ctx):
        counter.append(1)
        return ctx

    declare(name, {"a": ([], body)})
    runner.execute(name, Context())
    runner.execute(name, Context())

    assert len(counter) == 2


def test_a_context_value_of_one_megabyte_is_returned_unchanged(runner, name):
    declare(name, {"a": ([], keep)})
    text = "x" * 1_000_000

    assert runner.execute(name, Context({"text": text})).final_context["text"] == text


def test_a_workflow_of_101_tasks_completes(runner, name):
    tasks = {f"t{number}": ([], keep) for number in range(100)}
    declare(name, {**tasks, "end": (list(tasks), keep)})

    assert runner.execute(name, Context({"x": 1})).final_context.to_dict() == {"x": 1}


@pytest.mark.proof
def test_a_key_starts_a_workflow_once_and_returns_the_first_result_also_after_a_failure(runner, name):
    seen = []
    declare(name, {"a": ([], seeing(seen)), "b": (["a"], fail)})

    first = runner.execute(name, Context({"a": 1, "b": [1.0, 2**63]}), key="invoice-7")
    again = runner.execute(name, Context({"b": [1.0, 2**63], "a": 1}), key="invoice-7")

    assert (first.status, again.status) == ("Failed", "Failed")
    assert (again.start_time, again.end_time) == (first.start_time, first.end_time)
    assert again.final_context.to_dict() == first.final_context.to_dict()
    assert len(seen) == 1
    runner.execute(name, Context({"a": 1, "b": [1.0, 2**63]}), key="invoice-8")
    runner.execute(name, Context({"a": 1, "b": [1.0, 2**63]}))
    assert len(seen) == 3


@pytest.mark.parametrize("other", [{}, {"n": 1.0}, {"n": True}, {"n": "1"}, {"n": 1, "m": None}])
def test_a_key_with_another_context_is_refused(runner, name, other):
    declare(name, {"a": ([], keep)})
    runner.execute(name, Context({"n": 1}), key="invoice-7")

    with pytest.raises(ValueError, match=r"Workflow execution failed: Key \"invoice-7\" of workflow .* another input"):
        runner.execute(name, Context(other), key="invoice-7")


@pytest.mark.proof
def test_threads_and_tasks_that_use_one_key_wait_for_one_execution(runner, name):
    seen = []
    declare(f"{name}-inner", {"a": ([], seeing(seen))})
    results = []

    def call(ctx=None):
        results.append(runner.execute(f"{name}-inner", Context({"n": 1}), key="\u00e4" * 256).final_context.to_dict())
        return ctx

    async def call_async(ctx):
        return call(ctx)

    declare(name, {"one": ([], call), "other": ([], call), "third": ([], call_async)})
    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert runner.execute(name, Context()).status == "Completed"
    for thread in threads:
        thread.join(LIMIT)

    assert results == [{"n": 1}] * 7
    assert len(seen) == 1
