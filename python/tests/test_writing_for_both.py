"""The sample of the manual that runs here and on the native engine, which knows none of the additions."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest

import cloaca

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "native-engine.md"


def sample():
    blocks = re.findall(r"```python\n(# both\.py\n.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 1
    return compile(blocks[0], "both.py", "exec")


class NativeResult:
    """As that of the native engine: a skip takes no reason."""

    @staticmethod
    def skip():
        return cloaca.TriggerResult.skip()

    fire = staticmethod(cloaca.TriggerResult.fire)


def native_engine():
    """The API as the contract has it, without what this engine adds."""

    def trigger(*, name=None, on=None, poll_interval=None, cron=None, timezone=None, allow_concurrent=False):
        return lambda function: function

    def task(*, id=None, dependencies=None, retry=None, on_success=None, on_failure=None, trigger_rules=None):
        return cloaca.task(id=id)

    native = types.ModuleType("cloaca")
    native.__dict__.update(
        TriggerResult=NativeResult, WorkflowBuilder=cloaca.WorkflowBuilder, trigger=trigger, task=task
    )
    return native


@pytest.mark.parametrize("engine", [cloaca, native_engine()], ids=["this engine", "the native engine"])
def test_a_script_that_is_written_for_both_runs_on_both(monkeypatch, engine):
    monkeypatch.setitem(sys.modules, "cloaca", engine)

    script = {}
    exec(sample(), script)

    result = script["disk_is_full"]()
    assert result.is_skip_result()
    assert repr(result) == ("TriggerResult.Skip('there is room')" if engine is cloaca else "TriggerResult.Skip")
    assert script["remove_old_files"](cloaca.Context({}))["removed"] == 0


def test_the_native_engine_of_this_test_knows_no_additions():
    native = native_engine()

    for keyword in ("timeout", "jitter", "max_active", "pause_after", "on_change", "catchup"):
        with pytest.raises(TypeError):
            native.trigger(on="w", **{keyword: None})
    with pytest.raises(TypeError):
        native.TriggerResult.skip("why")
