"""Grammar of durations and intervals. The TypeScript tests use the same table."""

from __future__ import annotations

import pytest
from cases import each, table

import cloaca
from cloaca._values.duration import parse_duration_ms, parse_interval_ms

DURATIONS = table("durations.json")


@each(DURATIONS["accepted"], "text")
def test_a_duration_of_a_number_and_a_unit_is_parsed(case):
    assert parse_duration_ms(case["text"]) == case["ms"]


@each(DURATIONS["refused"], "text")
def test_an_invalid_duration_is_refused_with_the_reason(case):
    with pytest.raises(ValueError) as caught:
        parse_duration_ms(case["text"])

    assert str(caught.value) == case["reason"]


@each(DURATIONS["interval"]["accepted"], "text")
def test_an_interval_of_a_number_and_a_unit_is_parsed(case):
    assert parse_interval_ms(case["text"]) == case["ms"]


@each(DURATIONS["interval"]["refused"], "text")
def test_an_invalid_poll_interval_is_refused_with_the_reason(case):
    with pytest.raises(ValueError) as caught:
        cloaca.trigger(on="w", poll_interval=case["text"])

    assert str(caught.value) == f"Invalid poll_interval '{case['text']}': {case['reason']}"


@each(DURATIONS["refused"], "text")
def test_timeout_and_jitter_refuse_an_invalid_duration_with_the_reason(case):
    text, reason = case["text"], case["reason"]
    for name, call in [("timeout", cloaca.task), ("timeout", cloaca.trigger), ("jitter", cloaca.trigger)]:
        with pytest.raises(ValueError) as caught:
            call(**{name: text})

        assert str(caught.value) == f"Invalid {name} '{text}': {reason}"


@each(DURATIONS["bare"]["accepted"], "text")
def test_a_number_without_a_unit_is_in_seconds_where_allowed(case):
    assert parse_interval_ms(case["text"], bare_seconds=True) == case["ms"]


@each(DURATIONS["bare"]["refused"], "text")
def test_an_invalid_interval_is_refused_where_a_unit_is_optional(case):
    with pytest.raises(ValueError) as caught:
        parse_interval_ms(case["text"], bare_seconds=True)

    assert str(caught.value) == case["reason"]


def test_a_duration_over_the_largest_exact_number_of_milliseconds_is_refused():
    with pytest.raises(ValueError, match="too large"):
        parse_duration_ms("9999999999999h")
