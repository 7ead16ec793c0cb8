"""How much of an exception is sent to the engine."""

from __future__ import annotations

import re

import pytest

from cloaca._border import fault


@pytest.mark.parametrize("letter", ["x", "é", "€", "\U0001f600"])
def test_a_long_message_and_a_long_traceback_have_at_most_64_kib_and_say_how_much_was_cut(letter):
    text = letter * 300_000

    message, traceback = fault.bounded(f"begin {text}", f"Traceback {text} end")

    assert len(message.encode()) <= 16 * 1024
    assert len(traceback.encode()) <= 47 * 1024
    assert re.fullmatch(f"begin {letter}+ … \\d+ characters were cut …", message)
    assert re.fullmatch(f"Traceback {letter}+\n… \\d+ characters were cut …\n{letter}+ end", traceback)
    cut = int(re.search(r"… (\d+) characters", message).group(1))
    assert message.count(letter) + cut == 300_000


def test_other_texts_are_sent_as_they_are():
    message, traceback = "x" * 16_384, "y" * 48_128

    assert fault.bounded(message, traceback) == (message, traceback)
    assert fault.bounded("\ud800", "") == ("\ud800", "")
