"""`TryLater`: its delay and limit, and the attempt that it ends."""

from __future__ import annotations

import asyncio
import pickle
import time
from types import SimpleNamespace

import pytest
from outcomes import outcome_of

import cloaca
from cloaca._border.outcome import TriedLater
from cloaca._engine.attempt import run

DAY_S = 86_400


def http_date(seconds):
    # Not by strftime, whose names depend on the locale.
    at = time.gmtime(seconds)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[at.tm_wday]
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[at.tm_mon - 1]
    return f"{day}, {at.tm_mday:02} {month} {at.tm_year} {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"


def attempt(workflow, body, **options):
    with cloaca.WorkflowBuilder(workflow):
        cloaca.task(id="step", **options)(body)
    return outcome_of(run(workflow, "step", "{}", 7))


def raising(error):
    def body(ctx):
        raise error

    return body


def tried_later(outcome):
    assert isinstance(outcome, TriedLater)
    return outcome.delay_ms, outcome.limit


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("30s", 30), (" 250ms ", 0.25), ("30d", 30 * DAY_S), ("120", 120), (0, 0), (1.5, 1.5), (0.0001, 0.001)],
)
def test_the_delay_is_a_duration_or_seconds(delay, seconds):
    assert cloaca.TryLater(delay).delay == seconds


def test_the_delay_may_be_an_http_date():
    delay = cloaca.TryLater(http_date(time.time() + 100)).delay

    assert 95 < delay <= 100


@pytest.mark.parametrize("date", ["Sun, 06 Nov 1994 08:49:37 GMT", "Sat, 31 Dec 2016 23:59:60 GMT"])
def test_a_date_in_the_past_means_no_delay(date):
    assert cloaca.TryLater(date).delay == 0


@pytest.mark.parametrize(
    "delay",
    [
        *("", "soon", "-5s", "31d", "1.5s", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC"),
        *("Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 31 Feb 2020 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT"),
        *("Sun, 06 Nov 0000 08:49:37 GMT", "Fri, 31 Dec 9999 23:59:60 GMT", "9" * 15, "٣s"),
        *(-1, 30 * DAY_S + 1, float("nan"), float("inf"), -0.1, 10**400),
    ],
)
def test_other_values_are_refused(delay):
    with pytest.raises(ValueError, match="Invalid delay"):
        cloaca.TryLater(delay)


@pytest.mark.parametrize("delay", [None, True, b"30s", [], object()])
def test_other_types_are_refused(delay):
    with pytest.raises(TypeError, match="'delay': expected a duration"):
        cloaca.TryLater(delay)


def test_a_date_after_30_days_is_refused():
    with pytest.raises(ValueError, match="longer than 30 days"):
        cloaca.TryLater(http_date(time.time() + 31 * DAY_S))


@pytest.mark.parametrize("limit", ["crm", SimpleNamespace(name="crm")])
def test_a_limit_is_given_as_an_object_or_by_its_name(limit):
    error = cloaca.TryLater("30s", limit=limit)

    assert error.limit == "crm"
    assert str(error) == "try again in 30 s, and limit 'crm' is closed until then"


@pytest.mark.parametrize(("limit", "error"), [("", ValueError), (7, TypeError), (SimpleNamespace(name=7), TypeError)])
def test_other_limits_are_refused(limit, error):
    with pytest.raises(error, match="limit"):
        cloaca.TryLater("30s", limit=limit)


def test_a_pickled_exception_keeps_its_delay_and_limit():
    copied = pickle.loads(pickle.dumps(cloaca.TryLater("30s", limit="crm")))

    assert (copied.delay, copied.limit) == (30, "crm")


def test_a_task_that_raises_it_tries_later_and_its_callbacks_are_not_called(name):
    called = []
    callbacks = {"on_failure": lambda *_: called.append("failure"), "on_success": lambda *_: called.append("success")}

    outcome = attempt(name, raising(cloaca.TryLater("30s", limit="crm")), **callbacks)

    assert tried_later(outcome) == (30_000, "crm")
    assert called == []


def test_a_subclass_works(name):
    class Busy(cloaca.TryLater):
        def __init__(self):
            super().__init__(2)

    assert tried_later(attempt(name, raising(Busy()))) == (2_000, None)


def test_a_subclass_without_a_delay_fails_the_attempt(name):
    class Broken(cloaca.TryLater):
        def __init__(self):
            pass

    assert attempt(name, raising(Broken()))[:3] == ("failed", None, "Broken")


def test_it_may_be_raised_from_another_error(name):
    def body(ctx):
        try:
            raise OSError("429")
        except OSError as error:
            raise cloaca.TryLater(1) from error

    assert tried_later(attempt(name, body)) == (1_000, None)


def test_an_error_raised_from_it_is_a_failure(name):
    def body(ctx):
        try:
            raise cloaca.TryLater(1)
        except cloaca.TryLater as error:
            raise OSError("gave up") from error

    assert attempt(name, body)[:3] == ("failed", None, "OSError")


def test_an_async_task_may_raise_it(name):
    async def body(ctx):
        await asyncio.sleep(0)
        raise cloaca.TryLater(1)

    assert tried_later(attempt(name, body)) == (1_000, None)


class Group(Exception):
    """Group of exceptions, as `ExceptionGroup`, which older versions of Python lack."""

    def __init__(self, *exceptions):
        super().__init__("group")
        self.exceptions = exceptions


def test_a_group_of_nothing_else_has_the_longest_delay(name):
    group = Group(cloaca.TryLater(1), Group(cloaca.TryLater(3, limit="crm")), cloaca.TryLater(2))

    assert tried_later(attempt(name, raising(group))) == (3_000, "crm")


def test_a_group_with_another_error_is_a_failure(name):
    assert attempt(name, raising(Group(cloaca.TryLater(1), OSError())))[:3] == ("failed", None, "Group")


def test_a_callback_that_raises_it_does_not_change_the_outcome(name, capsys):
    def on_success(task_id, ctx):
        raise cloaca.TryLater(1)

    assert attempt(name, lambda ctx: None, on_success=on_success)[0] == "completed"
    assert "on_success callback failed" in capsys.readouterr().err
