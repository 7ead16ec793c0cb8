"""What the host interrupts in the middle of C: a look for signals that comes while another one is made."""

from __future__ import annotations

import gc
import sys
import time

import pytest
from kinds import about_pyodide

pytestmark = about_pyodide


def test_a_look_that_comes_in_the_middle_of_another_one_leaves_it_alone(monkeypatch):
    from cloaca._adapt import interrupts

    class Clock:
        """C looks for signals here: that look finds itself between two steps, and puts nothing off any more."""

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
    """The checks made so far, with none left to come by itself: what is put off stays so until a step is found."""
    from cloaca._adapt import interrupts

    made = []
    check = interrupts._check_between_steps
    monkeypatch.setattr(interrupts, "_check_between_steps", lambda frame: made.append(1) or check(frame))
    monkeypatch.setattr(interrupts, "_PUT_OFF_AT_MOST_S", 3600)
    return made


def test_a_loop_that_makes_texts_gives_way_soon_however_many_steps_a_turn_of_it_has(checks):
    from cloaca._adapt import interrupts

    needed = []
    for steps in range(51):
        checks.clear()
        interrupts._is_turn_over = True
        interrupts.host.signals.interrupt()
        while interrupts._is_turn_over and len(checks) < 2_000:
            str(steps)  # C checks for signals here
            for _ in range(steps):
                pass
        needed.append(len(checks))

    assert max(needed) < 1_000


def test_a_check_that_finds_nothing_is_not_repeated(checks):
    from cloaca._adapt import interrupts

    gc.collect()
    interrupts.host.signals.interrupt()
    for number in range(1_000):
        str(number)

    # The engine interrupts, too.
    assert 1 <= len(checks) < 10


def test_no_file_that_could_be_the_users_is_at_work_once_a_call_was_stopped():
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
