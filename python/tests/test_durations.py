"""The grammar of durations and intervals. The TypeScript side reads the same table."""

from __future__ import annotations

import pytest
from cases import each, table

import cloaca
from cloaca._values.duration import parse_duration_ms, parse_interval_ms

DURATIONS = table("durations.json")


@each(DURATIONS["accepted"], "text")
def test_a_duration_is_a_number_and_a_unit(case):
    assert parse_duration_ms(case["text"]) == case["ms"]


@each(DURATIONS["refused"], "text")
def test_another_text_is_refused_with_the_reason(case):
    with pytest.raises(ValueError) as caught:
        parse_duration_ms(case["text"])

    assert str(caught.value) == case["reason"]


@each(DURATIONS["interval"]["accepted"], "text")
def test_an_interval_is_a_number_and_a_unit(case):
    assert parse_interval_ms(case["text"]) == case["ms"]


@each(DURATIONS["interval"]["refused"], "text")
def test_another_text_is_no_interval(case):
    with pytest.raises(ValueError) as caught:
        cloaca.trigger(on="w", poll_interval=case["text"])

    assert str(caught.value) == f"Invalid poll_interval '{case['text']}': {case['reason']}"


@each(DURATIONS["refused"], "text")
def test_arguments_with_a_duration_refuse_the_same_texts(case):
    text, reason = case["text"], case["reason"]
    for name, call in [("timeout", cloaca.task), ("timeout", cloaca.trigger), ("jitter", cloaca.trigger)]:
        with pytest.raises(ValueError) as caught:
            call(**{name: text})

        assert str(caught.value) == f"Invalid {name} '{text}': {reason}"


@each(DURATIONS["bare"]["accepted"], "text")
def test_a_bare_number_stands_for_seconds_where_that_is_allowed(case):
    assert parse_interval_ms(case["text"], bare_seconds=True) == case["ms"]


@each(DURATIONS["bare"]["refused"], "text")
def test_a_bare_number_must_be_whole(case):
    with pytest.raises(ValueError) as caught:
        parse_interval_ms(case["text"], bare_seconds=True)

    assert str(caught.value) == case["reason"]


def test_a_duration_too_long_to_count_exactly_is_refused():
    with pytest.raises(ValueError, match="too large"):
        parse_duration_ms("9999999999999h")
