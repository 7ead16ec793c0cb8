"""The `task` decorator: ids, dependencies, blocks. (What it refuses: test_misuse.py.)"""

from __future__ import annotations

import functools
import gc
import threading
from typing import Any

import pytest

import cloaca
from cloaca._declarations import ledger
from cloaca._declarations import wire as _wire


def tasks_of(workflow):
    """What the engine is told of a workflow's tasks, by id."""
    wire = _wire.workflow_wire("key", workflow._declaration)
    return {task["id"]: task for task in wire["tasks"]}


def start_thread(function):
    """Runs a function on a thread of its own and waits for it."""
    thread = threading.Thread(target=function)
    try:
        thread.start()
    except RuntimeError as error:
        pytest.skip(f"this Python has no threads: {error}")
    thread.join()


def test_a_decorated_function_stays_the_same_function(name):
    def function(ctx):
        return ctx

    with cloaca.WorkflowBuilder(name):
        assert cloaca.task()(function) is function

    context = cloaca.Context()
    assert function(context) is context


def test_a_task_is_sent_to_the_engine_with_its_full_name_and_place(name):
    with cloaca.WorkflowBuilder(name) as builder:

        @cloaca.task()
        def read(ctx):
            return ctx

    task = tasks_of(builder.build())["read"]
    assert task["fullName"] == f"public::embedded::{name}::read"
    assert (task["file"], task["line"]) == (read.__code__.co_filename, read.__code__.co_firstlineno)
    assert task["rule"] == {"type": "Always"}
    assert task["dependencies"] == []


def test_a_task_may_have_another_id_than_its_function(name):
    with cloaca.WorkflowBuilder(name) as builder:

        @cloaca.task(id="Read all!")
        def read(ctx):
            return ctx

        @cloaca.task(dependencies=[read])
        def write(ctx):
            return ctx

    assert tasks_of(builder.build())["write"]["dependencies"] == ["Read all!"]


def test_dependencies_keep_the_order_in_which_they_were_given(name):
    with cloaca.WorkflowBuilder(name) as builder:

        @cloaca.task()
        def a(ctx):
            return ctx

        @cloaca.task()
        def b(ctx):
            return ctx

        @cloaca.task(dependencies=["b", a, "b"])
        def c(ctx):
            return ctx

    assert tasks_of(builder.build())["c"]["dependencies"] == ["b", "a"]


def test_a_dependency_by_id_may_be_declared_later(name):
    with cloaca.WorkflowBuilder(name) as builder:

        @cloaca.task(dependencies=["first"])
        def second(ctx):
            return ctx

        @cloaca.task()
        def first(ctx):
            return ctx

    assert list(tasks_of(builder.build())) == ["first", "second"]


def test_a_dependency_may_be_a_function_beneath_a_wrapper(name):
    def logged(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)

        return wrapper

    with cloaca.WorkflowBuilder(name) as builder:

        @logged
        @cloaca.task(id="renamed")
        def first(ctx):
            return ctx

        @cloaca.task(dependencies=[first])
        def second(ctx):
            return ctx

    assert tasks_of(builder.build())["second"]["dependencies"] == ["renamed"]


def test_a_function_stands_for_its_id_in_the_workflow_at_hand(name):
    def shared(ctx):
        return ctx

    with cloaca.WorkflowBuilder(f"{name}-a"):
        cloaca.task(id="one")(shared)
    with cloaca.WorkflowBuilder(f"{name}-b") as builder:
        cloaca.task(id="two")(shared)
    with cloaca.WorkflowBuilder(f"{name}-a") as builder:
        cloaca.task(id="one")(shared)
        cloaca.task(id="last", dependencies=[shared])(lambda ctx: ctx)

    assert tasks_of(builder.build())["last"]["dependencies"] == ["one"]


def test_an_undecorated_function_stands_for_its_name(name):
    def later(ctx):
        return ctx

    with cloaca.WorkflowBuilder(name) as builder:
        cloaca.task(id="last", dependencies=[later])(lambda ctx: ctx)
        cloaca.task()(later)

    assert tasks_of(builder.build())["last"]["dependencies"] == ["later"]


def test_the_later_task_of_an_id_replaces_the_earlier_one(name):
    with cloaca.WorkflowBuilder(name) as builder:
        cloaca.task(id="only", retry_attempts=1)(lambda ctx: ctx)
        cloaca.task(id="only", retry_attempts=2)(lambda ctx: ctx)

    tasks = tasks_of(builder.build())
    assert list(tasks) == ["only"]
    assert tasks["only"]["retry"]["maxAttempts"] == 2


def test_a_task_goes_to_the_innermost_block(name):
    with cloaca.WorkflowBuilder(f"{name}-outer") as outer:
        cloaca.task(id="before")(lambda ctx: ctx)
        with cloaca.WorkflowBuilder(f"{name}-inner") as inner:
            cloaca.task(id="inside")(lambda ctx: ctx)
        cloaca.task(id="after")(lambda ctx: ctx)

    assert set(tasks_of(outer.build())) == {"before", "after"}
    assert set(tasks_of(inner.build())) == {"inside"}


def test_a_task_outside_any_block_is_refused():
    with pytest.raises(ValueError) as caught:
        cloaca.task()(lambda ctx: ctx)

    assert str(caught.value) == (
        "No workflow context available. Tasks must be defined within a WorkflowBuilder context manager."
    )


def test_a_task_on_a_thread_without_a_block_of_its_own_is_refused(name):
    errors = []

    def decorate():
        try:
            cloaca.task(id="lost")(lambda ctx: ctx)
        except ValueError as error:
            errors.append(str(error))

    with cloaca.WorkflowBuilder(name) as builder:
        start_thread(decorate)
        cloaca.task(id="kept")(lambda ctx: ctx)

    assert "active on a DIFFERENT thread" in errors[0]
    assert list(tasks_of(builder.build())) == ["kept"]


def test_a_block_of_another_thread_takes_the_tasks_of_that_thread(name):
    def declare():
        with cloaca.WorkflowBuilder(f"{name}-theirs"):
            cloaca.task(id="theirs")(lambda ctx: ctx)

    with cloaca.WorkflowBuilder(f"{name}-ours") as builder:
        start_thread(declare)
        cloaca.task(id="ours")(lambda ctx: ctx)

    assert list(tasks_of(builder.build())) == ["ours"]
    assert ledger.find_task(f"{name}-theirs", "theirs") is not None


@pytest.mark.parametrize(
    ("function", "takes"),
    [
        (lambda ctx: ctx, False),
        (lambda ctx, handle: ctx, True),
        (lambda ctx, task_handle: ctx, True),
        (lambda ctx, handle=None: ctx, True),
        (lambda ctx, other=None: ctx, False),
        (lambda ctx, other=None, handle=None: ctx, False),
        (lambda *args: args[0], False),
    ],
)
def test_the_handle_is_asked_for_by_the_name_of_the_second_parameter(name, function, takes):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="only")(function)

    assert ledger.find_task(name, "only").takes_handle is takes


def test_a_wrapper_that_takes_no_handle_is_given_none(name):
    def body(ctx, handle):
        return ctx

    @functools.wraps(body)
    def narrow(ctx):
        return body(ctx, None)

    @functools.wraps(body)
    def wide(*args):
        return body(*args)

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="narrow")(narrow)
        cloaca.task(id="wide")(wide)

    assert ledger.find_task(name, "narrow").takes_handle is False
    assert ledger.find_task(name, "wide").takes_handle is True


def test_methods_and_callable_objects_can_be_tasks(name):
    class Steps:
        def first(self, ctx, handle):
            return ctx

        def __call__(self, ctx):
            return ctx

    steps = Steps()
    with cloaca.WorkflowBuilder(name) as builder:
        cloaca.task()(steps.first)
        cloaca.task(id="second", dependencies=[steps.first])(steps)

    assert tasks_of(builder.build())["second"]["dependencies"] == ["first"]
    assert ledger.find_task(name, "first").takes_handle is True


def test_constructor_is_refused_like_a_task_outside_a_block():
    with pytest.raises(ValueError, match="No workflow context available"):
        cloaca.constructor("a", "provider", "make")


def test_constructor_is_refused_inside_a_block_since_there_are_no_providers(name):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(lambda ctx: ctx)
        with pytest.raises(ValueError, match="no task providers"):
            cloaca.constructor("b", "provider", "make", dependencies=["a"])


def test_functions_that_were_decorated_again_are_not_kept(name):
    def load():
        """What a file does that is loaded again and again."""
        with cloaca.WorkflowBuilder(name):

            @cloaca.task()
            def first(ctx):
                return ctx

            @cloaca.task(dependencies=[first])
            def second(ctx):
                return ctx

    load()
    gc.collect()
    before = len(ledger.current().of_function)

    for _ in range(20):
        load()
    gc.collect()

    assert len(ledger.current().of_function) == before


def test_a_function_keeps_its_id_when_another_one_is_decorated_under_it(name):
    with cloaca.WorkflowBuilder(name) as builder:

        @cloaca.task(id="shared")
        def first(ctx):
            return ctx

        @cloaca.task(id="shared")
        def second(ctx):
            return ctx

        @cloaca.task(dependencies=[first])
        def third(ctx):
            return ctx

        workflow = builder.build()

    assert tasks_of(workflow)["third"]["dependencies"] == ["shared"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cloaca.task(print), r"positional.*: write @cloaca\.task\(\), with parentheses$"),
        (lambda: cloaca.batch_accumulator(print), r": write @cloaca\.batch_accumulator\(\), with parentheses$"),
        (lambda: cloaca.task(retry_atempts=3), r"'retry_atempts'\. Did you mean 'retry_attempts'\?$"),
        (lambda: cloaca.trigger(poll_intervall="1s"), r"'poll_intervall'\. Did you mean 'poll_interval'\?$"),
        (lambda: cloaca.reactor(name="r", acumulators=["a"]), r"'acumulators'\. Did you mean 'accumulators'\?$"),
        (lambda: cloaca.state_accumulator(capacty=1), r"'capacty'\. Did you mean 'capacity'\?$"),
        (lambda: cloaca.task(after=["a"]), r"'after'\. Its keywords are id, dependencies, .*, timeout$"),
    ],
)
def test_a_wrong_argument_of_a_decorator_is_refused_with_the_right_one(call: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


def test_a_type_error_in_the_body_of_a_decorator_is_unchanged() -> None:
    with pytest.raises(TypeError, match=r"^argument 'id': expected str, got int$"):
        cloaca.task(id=1)  # type: ignore[arg-type]
