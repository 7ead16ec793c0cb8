"""`execute`: results, the flow of contexts through tasks, failures."""

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
    """A workflow of tasks that are not retried: id to (dependencies, body)."""
    with cloaca.WorkflowBuilder(name):
        for task_id, (dependencies, body) in tasks.items():
            cloaca.task(id=task_id, dependencies=dependencies, **NO_RETRY)(body)


def setting(**values):
    """A body that sets keys."""

    def body(ctx):
        ctx.update_from_dict(values)
        return ctx

    return body


def giving(data):
    """A body whose output is these data and nothing else."""
    return lambda ctx: Context(data)


def seeing(seen):
    """A body that notes its input."""

    def body(ctx):
        seen.append(ctx.to_dict())
        return ctx

    return body


def test_a_run_ends_completed_with_the_output_of_its_last_task(runner, name):
    declare(name, {"a": ([], setting(x=1)), "b": (["a"], setting(y=1.0))})

    result = runner.execute(name, Context({"who": "Ada"}))

    assert result.status == "Completed"
    assert result.error_message is None
    assert repr(result) == "WorkflowResult(status=Completed, error=None)"
    assert result.final_context.to_dict() == {"who": "Ada", "x": 1, "y": 1.0}
    assert type(result.final_context["y"]) is float


def test_the_times_of_a_run_are_utc_and_in_order(runner, name):
    declare(name, {"a": ([], keep)})
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)

    result = runner.execute(name, Context())

    start, end = (datetime.datetime.fromisoformat(text) for text in (result.start_time, result.end_time))
    assert result.start_time.endswith("+00:00")
    assert before <= start <= end


def test_values_keep_their_types_on_their_way_through_tasks(runner, name):
    data = {"f": 1.0, "i": 1, "big": 2**60, "huge": 2**64 - 1, "t": "é🙂\u2028", "n": None, "xs": [1.0, [True, {}]]}
    declare(name, {"a": ([], keep), "b": (["a"], lambda ctx: Context(ctx.to_dict())), "c": (["b"], keep)})

    final = runner.execute(name, Context(data)).final_context.to_dict()

    assert final == data
    assert [type(final[key]) for key in ("f", "i", "big")] == [float, int, int]
    assert type(final["xs"][0]) is float


def test_a_run_started_by_execute_gets_no_keys_of_the_engine(runner, name):
    seen = []
    declare(name, {"a": ([], seeing(seen))})

    runner.execute(name, Context())

    assert seen == [{}]


def test_the_callers_context_is_copied_and_never_changed(runner, name):
    declare(name, {"a": ([], setting(x=2))})
    context = Context({"x": 1})

    runner.execute(name, context)

    assert context.to_dict() == {"x": 1}


def test_the_final_context_is_a_new_one_each_time(runner, name):
    declare(name, {"a": ([], keep)})
    result = runner.execute(name, Context({"x": 1}))

    result.final_context.set("x", 2)

    assert result.final_context["x"] == 1


def test_each_root_gets_the_initial_context_and_edits_stay_private(runner, name):
    seen = []
    declare(name, {"a": ([], setting(a=1)), "b": ([], seeing(seen))})

    runner.execute(name, Context({"x": 1}))

    assert seen == [{"x": 1}]


MERGES = [
    ("a later dependency wins", [{"k": 1}, {"k": "two"}], {"k": "two"}),
    ("keys of all sides are there", [{"a": 1}, {"b": 2}], {"a": 1, "b": 2}),
    ("objects merge by key", [{"o": {"a": 1, "x": {"p": 1}}}, {"o": {"b": 2, "x": {"q": 2}}}],
     {"o": {"a": 1, "b": 2, "x": {"p": 1, "q": 2}}}),
    ("lists join without repeated elements", [{"l": [1, 2, {"a": 1}]}, {"l": [2, 3, {"a": 1}]}],
     {"l": [1, 2, {"a": 1}, 3]}),
    ("1 and 1.0 are different elements", [{"l": [1]}, {"l": [1.0]}], {"l": [1, 1.0]}),
    ("of different kinds the later wins", [{"k": [1]}, {"k": {"a": 1}}], {"k": {"a": 1}}),
    ("None is a value like others", [{"k": 1}, {"k": None}], {"k": None}),
]  # fmt: skip


@pytest.mark.parametrize(("title", "outputs", "merged"), MERGES, ids=[merge[0] for merge in MERGES])
def test_a_task_gets_the_merge_of_its_dependencies(runner, name, title, outputs, merged):
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


def test_the_merge_follows_the_order_of_declaration_and_not_of_completion(runner, name):
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


def test_only_direct_dependencies_are_merged(runner, name):
    seen = []
    declare(name, {"a": ([], giving({"a": 1})), "b": (["a"], giving({"b": 1})), "c": (["b"], seeing(seen))})

    runner.execute(name, Context())

    assert seen == [{"b": 1}]


def test_a_failed_task_makes_the_run_fail_without_an_exception(runner, name):
    declare(name, {"a": ([], fail)})

    result = runner.execute(name, Context({"x": 1}))

    assert result.status == "Failed"
    assert result.error_message.startswith("1 task(s) failed, 0 completed, 0 skipped")
    assert repr(result) == f"WorkflowResult(status=Failed, error={result.error_message})"
    assert result.final_context.to_dict() == {"x": 1}


def test_a_task_runs_though_its_dependency_failed_and_gets_nothing_from_it(runner, name):
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


def test_a_workflow_declared_after_the_runner_was_built_is_executable(runner, name):
    declare(name, {"a": ([], setting(version=1))})
    assert runner.execute(name, Context()).final_context["version"] == 1

    declare(name, {"a": ([], setting(version=2))})
    assert runner.execute(name, Context()).final_context["version"] == 2


def test_an_alias_is_executable(runner, name):
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


def test_calls_from_two_threads_run_at_the_same_time(runner, name):
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


def test_a_megabyte_goes_through(runner, name):
    declare(name, {"a": ([], keep)})
    text = "x" * 1_000_000

    assert runner.execute(name, Context({"text": text})).final_context["text"] == text


def test_a_workflow_of_many_tasks_completes(runner, name):
    tasks = {f"t{number}": ([], keep) for number in range(100)}
    declare(name, {**tasks, "end": (list(tasks), keep)})

    assert runner.execute(name, Context({"x": 1})).final_context.to_dict() == {"x": 1}
