"""`cloaca.testing.poll`: one call of a trigger."""

from __future__ import annotations

import asyncio

import pytest

import cloaca
from cloaca import Context, TriggerResult
from cloaca.testing import FakeClock, poll, run_workflow


def declare(name, function, **options):
    return cloaca.trigger(name=name, on="orders", **options)(function)


def test_a_firing_returns_the_context_that_its_workflow_starts_with(name):
    declare(name, lambda: TriggerResult.fire(Context({"file": "a.csv", "trigger_name": "mine"})))

    result = poll(name, clock=FakeClock("2030-01-02T03:04:05.678Z"))

    assert (result.trigger, result.outcome, result.workflow) == (name, "fired", "orders")
    assert result.context.to_dict() == {
        "file": "a.csv",
        "trigger_name": name,
        "triggered_at": "2030-01-02T03:04:05.678+00:00",
    }
    assert (result.reason, result.error, result.traceback) == (None, None, None)


def test_the_context_of_a_firing_can_be_passed_to_run_workflow(name):
    declare(name, lambda: True)
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(lambda ctx: ctx)

    assert run_workflow(name, poll(name).context).final_context["trigger_name"] == name


@pytest.mark.parametrize(
    ("answer", "reason", "said"),
    [
        (False, None, "skipped and did not fire$"),
        (TriggerResult.skip(), None, "skipped and did not fire$"),
        (TriggerResult.skip("nothing new"), "nothing new", "skipped and did not fire: nothing new$"),
    ],
)
def test_a_skip_returns_its_reason_and_has_no_context(name, answer, reason, said):
    declare(name, lambda: answer)

    result = poll(name)

    assert (result.outcome, result.reason) == ("skipped", reason)
    with pytest.raises(ValueError, match=f"^trigger '{name}' {said}"):
        _ = result.context


def test_an_exception_in_a_trigger_is_returned_with_its_traceback(name):
    def broken():
        raise KeyError("inbox")

    result = poll(declare(name, broken))

    assert (result.outcome, result.error_type) == ("failed", "KeyError")
    assert result.error == f"trigger '{name}' raised exception: KeyError: 'inbox'"
    assert result.traceback.splitlines()[1].startswith(f'  File "{__file__}", line ')
    with pytest.raises(ValueError, match=r"failed and did not fire: (?s:.*)in broken"):
        _ = result.context


def test_a_trigger_that_returns_neither_a_bool_nor_a_trigger_result_fails(name):
    declare(name, lambda: {"file": "a"})

    assert poll(name).error == f"trigger '{name}' must return TriggerResult or bool, got dict"


def test_an_async_trigger_is_awaited_even_in_an_async_test(name):
    async def inbox():
        await asyncio.sleep(0)
        return TriggerResult.fire()

    async def test():
        return poll(inbox)

    declare(name, inbox)

    assert poll(inbox).outcome == "fired"
    assert asyncio.run(test()).context["trigger_name"] == name


def test_an_exception_in_an_async_trigger_is_returned(name):
    async def broken():
        await asyncio.sleep(0)
        raise ValueError("boom")

    assert poll(declare(name, broken)).error == f"trigger '{name}' raised exception: ValueError: boom"


def test_an_argument_that_is_not_a_polled_trigger_is_refused(name):
    def inbox():
        return True

    with pytest.raises(ValueError, match="'inbox' is not decorated as a trigger"):
        poll(inbox)
    declare(name, inbox)
    declare(f"{name}-too", inbox)
    with pytest.raises(ValueError, match=f"'inbox' is the function of several triggers: .*'{name}', '{name}-too'"):
        poll(inbox)
    with pytest.raises(ValueError, match=rf"no trigger '{name}-to' is declared\. Did you mean '{name}-too'\?"):
        poll(f"{name}-to")
    with pytest.raises(TypeError, match="argument 'trigger': expected function, got int"):
        poll(5)
    with pytest.raises(TypeError, match="argument 'clock': expected FakeClock, got int"):
        poll(name, clock=5)
    cloaca.trigger(name=f"{name}-cron", on="orders", cron="@daily")(inbox)
    with pytest.raises(ValueError, match="is a cron schedule: its function is never called"):
        poll(f"{name}-cron")


def test_a_poll_returns_its_firings_and_its_state(name):
    def rows(state):
        first = state.get("last", 0) + 1
        state["last"] = first + 1
        return [TriggerResult.fire(Context({"id": row}), key=f"row-{row}") for row in (first, first + 1)]

    declare(name, rows)

    result = poll(name, state={"last": 5})

    assert [(firing.context["id"], firing.key) for firing in result.firings] == [(6, "row-6"), (7, "row-7")]
    assert all(firing.context["trigger_name"] == name for firing in result.firings)
    assert result.context["id"] == 6
    assert result.state == {"last": 7}
    assert poll(name).state == {"last": 2}


def test_a_given_state_is_copied_and_stays_after_a_failed_or_unchanged_poll(name):
    given = {"rows": [1]}

    def rows(state):
        state["rows"].append(2)
        raise OSError("no database")

    declare(name, rows)
    assert poll(name, state=given).state == {"rows": [1]}
    declare(name, lambda state: False)
    assert (poll(name, state=given).state, poll(name, state=given).firings) == ({"rows": [1]}, ())
    assert given == {"rows": [1]}


def test_an_async_poll_returns_its_state(name):
    async def rows(state):
        await asyncio.sleep(0)
        state["last"] = 1
        return True

    declare(name, rows)
    result = poll(name)

    assert (result.state, len(result.firings), result.firings[0].key) == ({"last": 1}, 1, None)


def test_a_function_without_state_has_none_and_refuses_one(name):
    declare(name, lambda: True)

    assert poll(name).state is None
    with pytest.raises(ValueError, match=f"trigger '{name}' takes no state: its function has no parameter `state`"):
        poll(name, state={})


def test_a_state_of_another_type_is_refused(name):
    declare(name, lambda state: True)

    with pytest.raises(TypeError, match="argument 'state': expected dict, got list"):
        poll(name, state=[1])
    with pytest.raises(TypeError, match="unsupported type object"):
        poll(name, state={"a": object()})
