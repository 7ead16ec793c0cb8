"""Interrupts by the host while C code runs. Python checks for signals, possibly during another check."""

from __future__ import annotations

import gc
import sys
import time

import pytest
from kinds import about_pyodide

pytestmark = about_pyodide


def test_a_signal_check_inside_another_signal_check_does_not_disturb_it(monkeypatch):
    from cloaca._adapt import interrupts

    class Clock:
        """Clock that simulates an inner check: reading the time resets the delay, as a completed check does."""

        @staticmethod
        def monotonic():
            interrupts._put_off_at = None
            return time.monotonic()

    monkeypatch.setattr(interrupts, "_STEPS", set())
    monkeypatch.setattr(interrupts, "time", Clock)
    monkeypatch.setattr(interrupts, "_put_off_at", time.monotonic() - 1)

    assert interrupts._is_between_steps(sys._getframe()) is True


@pytest.fixture
def checks(monkeypatch):
    """Records the checks between steps. The maximum delay of a check is an hour, so only a step can end the delay."""
    from cloaca._adapt import interrupts

    made = []
    check = interrupts._check_between_steps
    monkeypatch.setattr(interrupts, "_check_between_steps", lambda frame: made.append(1) or check(frame))
    monkeypatch.setattr(interrupts, "_MAX_DELAY_S", 3600)
    return made


def test_a_loop_that_calls_str_yields_within_1000_signal_checks_for_any_body_length(checks):
    from cloaca._adapt import interrupts

    needed = []
    for steps in range(51):
        checks.clear()
        interrupts._is_turn_over = True
        interrupts.host.signals.interrupt()
        while interrupts._is_turn_over and len(checks) < 2_000:
            str(steps)  # C code checks for signals here
            for _ in range(steps):
                pass
        needed.append(len(checks))

    assert max(needed) < 1_000


def test_an_interrupt_without_a_signal_does_not_cause_a_check_at_each_step(checks):
    from cloaca._adapt import interrupts

    gc.collect()
    interrupts.host.signals.interrupt()
    for number in range(1_000):
        str(number)

    # More than one check is possible, because the engine interrupts too, more often if the loop takes long.
    assert 1 <= len(checks) < 500


def test_only_files_of_cloaca_run_after_a_call_was_stopped():
    from cloaca._border import bridge, fault
    from cloaca._engine import workers

    files = set()

    def note(frame, event, _arg):
        if event == "call":
            files.add(frame.f_code.co_filename)

    def stopped():
        sys.setprofile(note)
        raise bridge.DeadlineExceeded("its time is over")

    try:
        workers._in_stack(stopped)
    except bridge.DeadlineExceeded:
        sys.setprofile(None)

    assert files
    assert [file for file in files if not fault.is_ours(file)] == []
