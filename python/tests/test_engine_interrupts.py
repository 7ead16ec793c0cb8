"""What the host interrupts in the middle of C: a look for signals that comes while another one is made."""

from __future__ import annotations

import sys
import time

from engine import needs_engine

pytestmark = needs_engine


def test_a_look_that_comes_in_the_middle_of_another_one_leaves_it_alone(monkeypatch):
    from cloaca._adapt import _interrupts

    class Clock:
        """C looks for signals here: that look finds itself between two steps, and puts nothing off any more."""

        @staticmethod
        def monotonic():
            _interrupts._put_off_at = None
            return time.monotonic()

    monkeypatch.setattr(_interrupts, "_STEPS", set())
    monkeypatch.setattr(_interrupts, "time", Clock)
    monkeypatch.setattr(_interrupts, "_put_off_at", time.monotonic() - 1)

    assert _interrupts._is_between_steps(sys._getframe()) is True
