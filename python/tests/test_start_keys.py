"""Keys of `DefaultRunner.execute` at the bridge. No engine is needed."""

from __future__ import annotations

import re

import pytest
from stand_in import open_runner

import cloaca


def test_execute_sends_the_key_of_a_start(engine):
    engine.answers["runner.execute"] = {"status": "Completed"}

    open_runner().execute("wf", cloaca.Context(), key="\u20ac" * 170 + "ab")

    assert engine.last()[1]["key"] == "\u20ac" * 170 + "ab"


@pytest.mark.parametrize(
    ("key", "error", "text"),
    [
        ("", ValueError, "argument 'key': a key has 1 to 512 bytes of UTF-8, got 0 bytes"),
        ("\u20ac" * 171, ValueError, "got 513 bytes"),
        ("a\0b", ValueError, "a name cannot contain U+0000"),
        ("\ud800", UnicodeEncodeError, "argument 'key'"),
        (7, TypeError, "argument 'key'"),
        (b"invoice", TypeError, "argument 'key'"),
    ],
)
def test_execute_refuses_a_wrong_key_before_it_calls_the_engine(engine, key, error, text):
    runner = open_runner()

    with pytest.raises(error, match=re.escape(text)):
        runner.execute("wf", cloaca.Context(), key=key)
    assert engine.last()[0] == "runner.open"
