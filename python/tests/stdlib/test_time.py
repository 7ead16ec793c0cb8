"""``time``: the local time zone, and the clocks of computing time."""

import datetime
import os
import pickle
import threading
import time
from typing import Any, Iterator

import pytest


@pytest.fixture
def zone() -> Iterator[Any]:
    before = os.environ.get("TZ")

    def set_zone(name: str) -> None:
        os.environ["TZ"] = name
        time.tzset()

    yield set_zone
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(
    ("name", "names", "offsets", "summer"),
    [
        ("Europe/London", ("GMT", "BST"), (0, -3600, 1), "2024-07-03T10:46:40+01:00"),
        ("America/New_York", ("EST", "EDT"), (18000, 14400, 1), "2024-07-03T05:46:40-04:00"),
        ("EST5", ("EST", "EST"), (18000, 18000, 0), "2024-07-03T04:46:40-05:00"),
        ("<+03>-3", ("+03", "+03"), (-10800, -10800, 0), "2024-07-03T12:46:40+03:00"),
        ("EST5EDT,M3.2.0,M11.1.0", ("EST", "EDT"), (18000, 14400, 1), "2024-07-03T05:46:40-04:00"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", ("CET", "CEST"), (-3600, -7200, 1), "2024-07-03T11:46:40+02:00"),
        ("Australia/Sydney", ("AEST", "AEDT"), (-36000, -39600, 1), "2024-07-03T19:46:40+10:00"),
        ("UTC", ("UTC", "UTC"), (0, 0, 0), "2024-07-03T09:46:40+00:00"),
    ],
)
def test_the_zone_is_the_one_that_the_environment_names(
    zone: Any, name: str, names: Any, offsets: Any, summer: str
) -> None:
    zone(name)
    assert time.tzname == names
    assert (time.timezone, time.altzone, time.daylight) == offsets
    instant = 1_720_000_000
    assert datetime.datetime.fromtimestamp(instant).astimezone().isoformat() == summer
    assert time.localtime(instant).tm_zone == names[time.localtime(instant).tm_isdst]
    assert time.mktime(time.localtime(instant)) == instant


def test_computing_time_does_not_go_on_in_a_sleep() -> None:
    before = time.monotonic(), time.thread_time(), time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)
    time.sleep(0.05)
    after = time.monotonic(), time.thread_time(), time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)
    passed = after[0] - before[0]
    assert all(0 <= after[at] - before[at] < passed for at in (1, 2))
    assert time.process_time() > 0
    assert time.get_clock_info("thread_time").monotonic
    assert time.clock_gettime(time.pthread_getcpuclockid(threading.get_ident())) > 0


def test_a_sleep_is_not_shorter_than_asked_for_and_refuses_nonsense() -> None:
    begin = time.monotonic()
    time.sleep(0.01)
    assert time.monotonic() - begin >= 0.01
    with pytest.raises(ValueError, match="must be non-negative"):
        time.sleep(-1)
    with pytest.raises(TypeError):
        time.sleep("1")  # type: ignore[arg-type]


def test_sleep_can_be_kept_in_a_class_shown_and_pickled() -> None:
    class Waiter:
        pause = time.sleep

    Waiter().pause(0)  # type: ignore[call-arg, arg-type]
    assert repr(time.sleep) == "<built-in function sleep>"
    assert pickle.loads(pickle.dumps(time.sleep)) is time.sleep
