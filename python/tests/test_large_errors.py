"""Maximum size of the message and traceback of an exception that are sent to the engine."""

from __future__ import annotations

import re

import pytest

from cloaca._border import fault


@pytest.mark.parametrize("letter", ["x", "é", "€", "\U0001f600"])
def test_a_long_message_and_traceback_are_cut_to_64_kib_with_the_number_of_characters_cut(letter):
    text = letter * 300_000

    message, traceback = fault.bounded(f"begin {text}", f"Traceback {text} end")

    assert len(message.encode()) <= 16 * 1024
    assert len(traceback.encode()) <= 47 * 1024
    assert re.fullmatch(f"begin {letter}+ … \\d+ characters were cut …", message)
    assert re.fullmatch(f"Traceback {letter}+\n… \\d+ characters were cut …\n{letter}+ end", traceback)
    cut = int(re.search(r"… (\d+) characters", message).group(1))
    assert message.count(letter) + cut == 300_000


def test_a_short_message_and_traceback_are_sent_unchanged():
    message, traceback = "x" * 16_384, "y" * 48_128

    assert fault.bounded(message, traceback) == (message, traceback)
    assert fault.bounded("\ud800", "") == ("\ud800", "")
