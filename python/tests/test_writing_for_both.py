"""The portable sample of the manual: runs on this engine, and on the native engine without its additions."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest

import cloaca

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "native-engine.md"


def sample(file):
    blocks = re.findall(rf"```python\n(# {re.escape(file)}\n.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 1
    return compile(blocks[0], file, "exec")


class NativeResult:
    """Stand-in for `TriggerResult` of the native engine, whose `skip` takes no reason, and whose `fire` no key."""

    @staticmethod
    def skip():
        return cloaca.TriggerResult.skip()

    @staticmethod
    def fire(context=None):
        return cloaca.TriggerResult.fire(context)


class NativeHandle:
    """Stand-in for the handle of the native engine, which has only `defer_until`."""

    def __init__(self, between_polls):
        self.polls = []
        self._between_polls = between_polls

    def defer_until(self, condition, poll_interval_ms):
        assert poll_interval_ms > 0
        while not self.polls or not self.polls[-1]:
            if self.polls:
                self._between_polls()
            self.polls.append(condition())


def native_engine():
    """Returns a module with the API of the native engine, without the additions of this engine."""

    def trigger(*, name=None, on=None, poll_interval=None, cron=None, timezone=None, allow_concurrent=False):
        def declare(function):
            native.polled = function
            return function

        return declare

    def task(*, id=None, dependencies=None, retry=None, on_success=None, on_failure=None, trigger_rules=None):
        return cloaca.task(id=id)

    native = types.ModuleType("cloaca")
    native.__dict__.update(
        Context=cloaca.Context,
        TriggerResult=NativeResult,
        WorkflowBuilder=cloaca.WorkflowBuilder,
        trigger=trigger,
        task=task,
    )
    return native


@pytest.mark.parametrize("engine", [cloaca, native_engine()], ids=["this engine", "the native engine"])
def test_the_portable_sample_runs_on_this_engine_and_on_the_native_engine(monkeypatch, engine):
    monkeypatch.setitem(sys.modules, "cloaca", engine)

    script = {}
    exec(sample("both.py"), script)

    result = script["disk_is_full"]()
    assert result.is_skip_result()
    assert repr(result) == ("TriggerResult.Skip('there is room')" if engine is cloaca else "TriggerResult.Skip")
    assert script["remove_old_files"](cloaca.Context({}))["removed"] == 0


def test_the_portable_trigger_with_state_fires_one_row_after_the_other_on_the_native_engine(monkeypatch):
    native = native_engine()
    monkeypatch.setitem(sys.modules, "cloaca", native)
    script = {}
    exec(sample("both_rows.py"), script)

    for row in script["ROWS"]:
        assert repr(native.polled()) == repr(cloaca.TriggerResult.fire(cloaca.Context(row)))
        # The handle of the native engine has no failures.
        assert script["take"](cloaca.Context(row), object())["failed_before"] == []
    assert native.polled().is_skip_result()


def test_the_portable_workflow_waits_in_a_task_and_calls_its_step_itself_on_the_native_engine(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "cloaca", native_engine())
    monkeypatch.chdir(tmp_path)
    script = {}
    exec(sample("both_waits.py"), script)

    handle = NativeHandle(lambda: (tmp_path / "payment-7.json").write_text('{"amount": 20}'))
    waited = script["paid"](cloaca.Context({"order_id": 7}), handle)
    shipped = script["ship"](waited, handle)

    assert handle.polls == [False, True]
    assert shipped["paid"] == {"amount": 20}
    assert shipped["label"] == "7/20"


def test_the_stand_in_for_the_native_engine_refuses_the_additions_of_this_engine():
    native = native_engine()

    for keyword in ("timeout", "jitter", "max_active", "pause_after", "on_change", "catchup", "expect_fire", "tags"):
        with pytest.raises(TypeError):
            native.trigger(on="w", **{keyword: None})
    with pytest.raises(TypeError):
        native.TriggerResult.skip("why")
    with pytest.raises(TypeError):
        native.TriggerResult.fire(cloaca.Context(), key="row-1")
