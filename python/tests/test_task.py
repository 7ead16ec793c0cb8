"""The `task` decorator: ids, dependencies and workflow blocks. `test_misuse.py` tests invalid arguments."""

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
    """Returns the declarations of a workflow's tasks by id, as the engine receives them."""
    wire = _wire.workflow_wire("key", workflow._declaration)
    return {task["id"]: task for task in wire["tasks"]}


def start_thread(function):
    """Runs a function on its own thread, and waits for it."""
    thread = threading.Thread(target=function)
    try:
        thread.start()
    except RuntimeError as error:
        pytest.skip(f"this Python has no threads: {error}")
    thread.join()


def test_the_task_decorator_returns_the_same_function(name):
    def function(ctx):
        return ctx

    with cloaca.WorkflowBuilder(name):
        assert cloaca.task()(function) is function

    context = cloaca.Context()
    assert function(context) is context


def test_a_task_is_sent_to_the_engine_with_its_full_name_file_and_line(name):
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


def test_a_dependency_may_be_a_wrapper_of_a_task_function(name):
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


def test_a_function_as_dependency_means_its_id_in_the_current_workflow(name):
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


def test_an_undecorated_function_as_dependency_means_its_name(name):
    def later(ctx):
        return ctx

    with cloaca.WorkflowBuilder(name) as builder:
        cloaca.task(id="last", dependencies=[later])(lambda ctx: ctx)
        cloaca.task()(later)

    assert tasks_of(builder.build())["last"]["dependencies"] == ["later"]


def test_a_later_task_with_the_same_id_replaces_the_earlier_task(name):
    with cloaca.WorkflowBuilder(name) as builder:
        cloaca.task(id="only", retry_attempts=1)(lambda ctx: ctx)
        cloaca.task(id="only", retry_attempts=2)(lambda ctx: ctx)

    tasks = tasks_of(builder.build())
    assert list(tasks) == ["only"]
    assert tasks["only"]["retry"]["maxAttempts"] == 2


def test_a_task_belongs_to_the_innermost_workflow_block(name):
    with cloaca.WorkflowBuilder(f"{name}-outer") as outer:
        cloaca.task(id="before")(lambda ctx: ctx)
        with cloaca.WorkflowBuilder(f"{name}-inner") as inner:
            cloaca.task(id="inside")(lambda ctx: ctx)
        cloaca.task(id="after")(lambda ctx: ctx)

    assert set(tasks_of(outer.build())) == {"before", "after"}
    assert set(tasks_of(inner.build())) == {"inside"}


def test_a_task_outside_any_workflow_block_is_refused():
    with pytest.raises(ValueError) as caught:
        cloaca.task()(lambda ctx: ctx)

    assert str(caught.value) == (
        "No workflow context available. Tasks must be defined within a WorkflowBuilder context manager."
    )


def test_a_task_on_a_thread_without_its_own_workflow_block_is_refused(name):
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


def test_tasks_of_another_thread_belong_to_the_workflow_block_of_that_thread(name):
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
def test_a_body_receives_a_handle_when_its_second_parameter_is_named_handle_or_task_handle(name, function, takes):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="only")(function)

    assert ledger.find_task(name, "only").takes_handle is takes


def test_a_wrapper_without_a_handle_parameter_receives_no_handle(name):
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


def test_constructor_is_refused_outside_a_workflow_block():
    with pytest.raises(ValueError, match="No workflow context available"):
        cloaca.constructor("a", "provider", "make")


def test_constructor_is_refused_inside_a_workflow_block_because_there_are_no_providers(name):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(lambda ctx: ctx)
        with pytest.raises(ValueError, match="no task providers"):
            cloaca.constructor("b", "provider", "make", dependencies=["a"])


def test_declaring_a_workflow_again_does_not_keep_its_old_functions(name):
    def load():
        """Declares the workflow, as a script does each time it is loaded."""
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


def test_a_function_keeps_its_task_id_when_another_function_takes_that_id(name):
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
        (lambda: cloaca.task(after=["a"]), r"'after'\. Its keywords are id, .*, timeout, deadline, limits$"),
    ],
)
def test_an_invalid_decorator_argument_is_refused_with_a_suggestion(call: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


def test_a_type_error_raised_inside_a_decorator_keeps_its_message() -> None:
    with pytest.raises(TypeError, match=r"^argument 'id': expected str, got int$"):
        cloaca.task(id=1)  # type: ignore[arg-type]
