"""`cloaca.testing.FakeClock`: time that passes only when a test advances it."""

from __future__ import annotations

import doctest
from datetime import datetime, timedelta, timezone

import pytest

import cloaca
import cloaca.testing
from cloaca.testing import FakeClock


def test_a_clock_stands_still_until_it_is_advanced():
    clock = FakeClock("2030-01-02T03:04:05Z")

    assert clock.now() == clock.now() == datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    clock.advance(0.25)
    clock.advance(60)
    assert clock.elapsed == 60.25
    assert clock.now().isoformat() == "2030-01-02T03:05:05.250000+00:00"
    assert repr(clock) == "FakeClock('2030-01-02T03:05:05.250000+00:00')"


def test_a_clock_starts_at_the_given_time():
    zone = timezone(timedelta(hours=2))

    assert FakeClock().now() == datetime(2000, 1, 1, tzinfo=timezone.utc)
    assert FakeClock(datetime(2030, 1, 2, 3, tzinfo=zone)).now().isoformat() == "2030-01-02T01:00:00+00:00"
    assert FakeClock("2030-01-02T03:00:00+02:00").now().hour == 1


def test_scheduled_functions_are_called_in_order_at_their_times():
    clock, calls = FakeClock(), []
    clock.call_later(5, lambda: calls.append(("late", clock.elapsed)))
    clock.call_later(2, lambda: clock.call_later(1, lambda: calls.append(("inner", clock.elapsed))))
    clock.call_later(2, lambda: calls.append(("early", clock.elapsed)))
    clock.call_later(9, lambda: calls.append("never"))

    clock.advance(6)

    assert calls == [("early", 2), ("inner", 3), ("late", 5)]
    assert clock.elapsed == 6


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: FakeClock("tomorrow"), ValueError, "Invalid isoformat string: 'tomorrow'"),
        (lambda: FakeClock("2030-01-02"), ValueError, "start has no time zone"),
        (lambda: FakeClock(datetime(2030, 1, 2)), ValueError, "start has no time zone"),
        (lambda: FakeClock(5), TypeError, "argument 'start': expected datetime or str, got int"),
        (lambda: FakeClock().advance(-1), ValueError, "seconds must not be negative"),
        (lambda: FakeClock().advance("1s"), TypeError, "argument 'seconds'"),
        (lambda: FakeClock().call_later(float("nan"), print), ValueError, "seconds must be a finite number"),
        (lambda: FakeClock().call_later(1, None), TypeError, "argument 'function': expected function, got NoneType"),
    ],
)
def test_an_invalid_time_or_function_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize("name", cloaca.testing.__all__)
def test_the_examples_in_the_docstrings_are_correct(name):
    thing = getattr(cloaca.testing, name)
    names = {**vars(cloaca), **vars(cloaca.testing)}
    runner = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF)

    assert thing.__doc__.strip()
    for test in doctest.DocTestFinder(recurse=True).find(thing, name, globs=names, module=False):
        runner.run(test)

    assert runner.summarize(verbose=False).failed == 0


def test_the_example_in_the_docstring_of_the_module_is_correct():
    test = doctest.DocTestParser().get_doctest(cloaca.testing.__doc__, vars(cloaca.testing), "module", None, None)
    runner = doctest.DocTestRunner()

    runner.run(test)

    assert runner.summarize(verbose=False) == (0, len(test.examples))
