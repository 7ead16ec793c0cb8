"""`cloaca.testing.poll`: asks a trigger once."""

from __future__ import annotations

import asyncio

import pytest

import cloaca
from cloaca import Context, TriggerResult
from cloaca.testing import FakeClock, poll, run_workflow


def declare(name, function, **options):
    return cloaca.trigger(name=name, on="orders", **options)(function)


def test_a_trigger_that_fires_gives_the_context_that_its_workflow_starts_with(name):
    declare(name, lambda: TriggerResult.fire(Context({"file": "a.csv", "trigger_name": "mine"})))

    result = poll(name, clock=FakeClock("2030-01-02T03:04:05.678Z"))

    assert (result.trigger, result.outcome, result.workflow) == (name, "fired", "orders")
    assert result.context.to_dict() == {
        "file": "a.csv",
        "trigger_name": name,
        "triggered_at": "2030-01-02T03:04:05.678+00:00",
    }
    assert (result.reason, result.error, result.traceback) == (None, None, None)


def test_what_was_fired_can_be_run(name):
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
def test_a_trigger_that_skips_says_why(name, answer, reason, said):
    declare(name, lambda: answer)

    result = poll(name)

    assert (result.outcome, result.reason) == ("skipped", reason)
    with pytest.raises(ValueError, match=f"^trigger '{name}' {said}"):
        _ = result.context


def test_a_trigger_that_raises_is_an_outcome_with_its_traceback(name):
    def broken():
        raise KeyError("inbox")

    result = poll(declare(name, broken))

    assert (result.outcome, result.error_type) == ("failed", "KeyError")
    assert result.error == f"trigger '{name}' raised exception: KeyError: 'inbox'"
    assert result.traceback.splitlines()[1].startswith(f'  File "{__file__}", line ')
    with pytest.raises(ValueError, match=r"failed and did not fire: (?s:.*)in broken"):
        _ = result.context


def test_an_answer_of_another_kind_is_a_failure(name):
    declare(name, lambda: {"file": "a"})

    assert poll(name).error == f"trigger '{name}' must return TriggerResult or bool, got dict"


def test_an_async_trigger_is_awaited_also_in_an_async_test(name):
    async def inbox():
        await asyncio.sleep(0)
        return TriggerResult.fire()

    async def test():
        return poll(inbox)

    declare(name, inbox)

    assert poll(inbox).outcome == "fired"
    assert asyncio.run(test()).context["trigger_name"] == name


def test_an_async_trigger_that_raises_is_an_outcome(name):
    async def broken():
        await asyncio.sleep(0)
        raise ValueError("boom")

    assert poll(declare(name, broken)).error == f"trigger '{name}' raised exception: ValueError: boom"


def test_what_is_no_trigger_is_refused(name):
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
