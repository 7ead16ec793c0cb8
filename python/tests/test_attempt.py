"""One attempt of a task: its body, output and callbacks."""

from __future__ import annotations

import asyncio

import pytest
from outcomes import outcome_of

import cloaca
from cloaca._border.stops import Cancelled, DeadlineExceeded
from cloaca._engine.attempt import run


class Enough(BaseException):
    pass


def declare(workflow, body, **options):
    with cloaca.WorkflowBuilder(workflow):
        cloaca.task(id="step", **options)(body)


def attempt(workflow, text="{}"):
    return outcome_of(run(workflow, "step", text, 7))


def raise_boom(ctx):
    ctx.set("edited", True)
    raise ValueError("boom")


def test_the_context_returned_by_a_body_is_the_output_of_the_task(name):
    def body(ctx):
        ctx.set("n", ctx["n"] * 2)
        return ctx

    declare(name, body)

    assert attempt(name, '{"n":2.0}') == ("completed", '{"n":4.0}', "", "", "")


def test_a_body_may_return_a_new_context(name):
    declare(name, lambda ctx: cloaca.Context({"other": 1}))

    assert attempt(name, '{"n":1}')[1] == '{"other":1}'


def test_an_unchanged_context_is_not_sent_back_to_the_engine(name):
    declare(name, lambda ctx: ctx)

    assert attempt(name, '{"n":1.0,"big":18446744073709551615}')[:2] == ("completed", None)


def test_a_body_that_returns_none_outputs_its_unedited_input(name):
    def body(ctx):
        ctx.set("n", 2)

    declare(name, body)

    assert attempt(name, '{"n":1}')[:2] == ("completed", None)


@pytest.mark.parametrize("junk", [{}, 1, "text", [cloaca.Context()], True])
def test_returning_anything_but_a_context_or_none_fails_the_attempt(name, junk):
    declare(name, lambda ctx: junk)

    kind, text, error_type, message, _ = attempt(name)

    assert (kind, text, error_type) == ("failed", None, "TypeError")
    assert message.startswith("Python task execution failed: TypeError: ")
    assert message.endswith(f"got {type(junk).__name__}")


def test_an_async_body_is_awaited(name):
    async def body(ctx):
        ctx.set("awaited", True)
        return ctx

    declare(name, body)

    assert attempt(name)[:2] == ("completed", '{"awaited":true}')


def test_an_exception_fails_the_attempt_with_its_type_message_and_user_traceback(name):
    declare(name, raise_boom)

    kind, text, error_type, message, trace = attempt(name)

    assert (kind, text, error_type) == ("failed", None, "ValueError")
    assert message == "Python task execution failed: ValueError: boom"
    assert trace.splitlines()[1].startswith(f'  File "{raise_boom.__code__.co_filename}", line ')
    assert trace.splitlines()[-1] == "ValueError: boom"


def test_an_exception_whose_str_raises_still_fails_the_attempt(name):
    class Silent(BaseException):
        def __str__(self):
            raise KeyboardInterrupt

    def body(ctx):
        raise Silent

    declare(name, body)

    text = "Python task execution failed: Silent: <exception str() failed>"
    assert attempt(name)[:4] == ("failed", None, "Silent", text)


def test_system_exit_in_a_body_fails_the_attempt(name):
    def body(ctx):
        raise SystemExit(2)

    declare(name, body)

    assert attempt(name)[:4] == ("failed", None, "SystemExit", "Python task execution failed: SystemExit: 2")


@pytest.mark.parametrize("kind", [asyncio.CancelledError, KeyboardInterrupt, GeneratorExit, Enough])
def test_a_base_exception_in_a_body_fails_the_attempt_and_calls_on_failure(name, kind):
    calls = []

    def body(ctx):
        raise kind("of the script")

    declare(name, body, on_failure=lambda *arguments: calls.append(arguments[:2]))

    text = f"Python task execution failed: {kind.__name__}: of the script"
    assert attempt(name)[:4] == ("failed", None, kind.__name__, text)
    assert calls == [("step", text)]


@pytest.mark.parametrize("kind", [asyncio.CancelledError, KeyboardInterrupt, GeneratorExit, Enough])
def test_a_base_exception_in_on_success_is_printed_and_keeps_the_outcome(name, kind, capsys):
    def callback(task_id, ctx):
        raise kind("of the script")

    declare(name, lambda ctx: ctx, on_success=callback)

    assert attempt(name)[0] == "completed"
    expected = f"[cloaca] on_success callback failed for task 'step': {kind.__name__}: of the script\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize("stop", [DeadlineExceeded, Cancelled])
def test_a_deadline_or_cancellation_in_a_body_propagates_without_calling_on_failure(name, stop):
    calls = []

    def body(ctx):
        raise stop

    declare(name, body, on_failure=lambda *arguments: calls.append(arguments))

    with pytest.raises(stop):
        attempt(name)
    assert calls == []


def test_on_success_receives_the_short_task_id_and_the_output(name):
    calls = []

    def body(ctx):
        ctx.set("n", 1)
        return ctx

    declare(name, body, on_success=lambda task_id, ctx: calls.append((task_id, ctx.to_dict())))

    attempt(name)

    assert calls == [("step", {"n": 1})]


def test_edits_by_on_success_do_not_change_the_output(name):
    declare(name, lambda ctx: cloaca.Context({"n": 1}), on_success=lambda task_id, ctx: ctx.set("late", 1))

    assert attempt(name)[1] == '{"n":1}'


def test_on_failure_receives_the_error_and_the_unedited_input(name):
    calls = []
    declare(name, raise_boom, on_failure=lambda task_id, error, ctx: calls.append((task_id, error, ctx.to_dict())))

    attempt(name, '{"n":1}')

    assert calls == [("step", "Python task execution failed: ValueError: boom", {"n": 1})]


def test_a_success_calls_only_on_success_and_a_failure_only_on_failure(name):
    calls = []
    callbacks = {
        "on_success": lambda *arguments: calls.append("success"),
        "on_failure": lambda *arguments: calls.append("failure"),
    }

    declare(name, lambda ctx: ctx, **callbacks)
    attempt(name)
    declare(name, raise_boom, **callbacks)
    attempt(name)

    assert calls == ["success", "failure"]


def test_an_exception_in_on_success_is_printed_and_keeps_the_outcome(name, capsys):
    def callback(task_id, ctx):
        raise KeyError("lost")

    declare(name, lambda ctx: ctx, on_success=callback)

    assert attempt(name)[0] == "completed"
    captured = capsys.readouterr()
    assert captured.err == "[cloaca] on_success callback failed for task 'step': KeyError: 'lost'\n"
    assert captured.out == ""


def test_an_exception_in_on_failure_is_printed_and_keeps_the_error(name, capsys):
    declare(name, raise_boom, on_failure=lambda wrong_number_of_arguments: None)

    assert attempt(name)[3] == "Python task execution failed: ValueError: boom"
    assert "[cloaca] on_failure callback failed for task 'step': TypeError: " in capsys.readouterr().err


def test_an_async_callback_is_awaited(name):
    calls = []

    async def callback(task_id, ctx):
        calls.append(task_id)

    declare(name, lambda ctx: ctx, on_success=callback)

    attempt(name)

    assert calls == ["step"]


def test_an_undeclared_task_fails_with_lookup_error(name):
    kind, _, error_type, message, _ = outcome_of(run(name, "absent", "{}", 1))

    assert (kind, error_type) == ("failed", "LookupError")
    assert "'absent'" in message


def test_a_workflow_alias_runs_the_functions_of_its_workflow(name):
    declare(name, lambda ctx: cloaca.Context({"ran": 1}))
    builder = cloaca.WorkflowBuilder(name)
    builder.add_task("step")
    cloaca.register_workflow_constructor(f"{name}-alias", builder.build)

    assert attempt(f"{name}-alias")[1] == '{"ran":1}'


def test_a_replaced_workflow_runs_its_new_functions(name):
    declare(name, lambda ctx: cloaca.Context({"version": 1}))
    declare(name, lambda ctx: cloaca.Context({"version": 2}))

    assert attempt(name)[1] == '{"version":2}'


def test_a_task_removed_by_a_new_declaration_still_runs_for_earlier_executions(name):
    declare(name, lambda ctx: ctx)
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="other")(lambda ctx: ctx)

    assert attempt(name)[0] == "completed"
