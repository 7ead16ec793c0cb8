"""``time``: local time zone, sleep, and CPU clocks."""

import datetime
import inspect
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
        ("GMT0", ("GMT", "GMT"), (0, 0, 0), "2024-07-03T09:46:40+00:00"),
        (":America/New_York", ("EST", "EDT"), (18000, 14400, 1), "2024-07-03T05:46:40-04:00"),
        ("IST-5:30", ("IST", "IST"), (-19800, -19800, 0), "2024-07-03T15:16:40+05:30"),
        ("<+0530>-5:30", ("+0530", "+0530"), (-19800, -19800, 0), "2024-07-03T15:16:40+05:30"),
        ("UTC-1", ("UTC", "UTC"), (-3600, -3600, 0), "2024-07-03T10:46:40+01:00"),
        ("NST3:30NDT", ("NST", "NDT"), (12600, 9000, 1), "2024-07-03T07:16:40-02:30"),
        ("LHST-10:30LHDT-11,M10.1.0,M4.1.0", ("LHST", "LHDT"), (-37800, -39600, 1), "2024-07-03T20:16:40+10:30"),
        ("EST5EDT4,J60,J300", ("EST", "EDT"), (18000, 14400, 1), "2024-07-03T05:46:40-04:00"),
        ("EST5EDT,59,299/1:30", ("EST", "EDT"), (18000, 14400, 1), "2024-07-03T05:46:40-04:00"),
        (
            "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45",
            ("+1245", "+1345"),
            (-45900, -49500, 1),
            "2024-07-03T22:31:40+12:45",
        ),
        ("Nowhere/City", ("Nowhere", "Nowhere"), (0, 0, 0), "2024-07-03T09:46:40+00:00"),
        ("europe/berlin", ("europe", "europe"), (0, 0, 0), "2024-07-03T09:46:40+00:00"),
        ("X5", ("", ""), (0, 0, 0), "2024-07-03T09:46:40+00:00"),
        ("", ("UTC", "UTC"), (0, 0, 0), "2024-07-03T09:46:40+00:00"),
    ],
)
def test_tzset_uses_the_time_zone_in_the_variable_tz(
    zone: Any, name: str, names: Any, offsets: Any, summer: str
) -> None:
    zone(name)
    assert time.tzname == names
    assert (time.timezone, time.altzone, time.daylight) == offsets
    instant = 1_720_000_000
    assert datetime.datetime.fromtimestamp(instant).astimezone().isoformat() == summer
    assert time.localtime(instant).tm_zone == names[time.localtime(instant).tm_isdst]
    assert time.mktime(time.localtime(instant)) == instant


@pytest.mark.parametrize(
    ("name", "last_second", "hours"),
    [
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1_711_846_799, (1, 3)),
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1_729_990_799, (2, 2)),
        ("WGT3WGST,M3.5.0/-2,M10.5.0/-1", 1_711_846_799, (21, 23)),
        ("IST-2IDT,M3.4.4/26,M10.5.0", 1_711_670_399, (1, 3)),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_712_419_199, (2, 2)),
        ("EST5EDT4,J60,J300", 1_709_276_399, (1, 3)),
        ("EST5EDT,59,299", 1_709_189_999, (1, 3)),
    ],
)
def test_daylight_saving_time_follows_the_rules_in_the_variable_tz(
    zone: Any, name: str, last_second: int, hours: Any
) -> None:
    zone(name)
    seconds = (last_second, last_second + 1)
    local = [time.localtime(second) for second in seconds]
    assert tuple(each.tm_hour for each in local) == hours
    assert [each.tm_min for each in local] == [59, 0]
    assert local[0].tm_isdst != local[1].tm_isdst
    assert [time.mktime(each) for each in local] == list(seconds)
    assert [each.tm_yday for each in local] == [int(time.strftime("%j", each)) for each in local]


def test_mktime_normalizes_fields_that_are_out_of_range(zone: Any) -> None:
    zone("CET-1CEST,M3.5.0,M10.5.0/3")
    assert time.mktime((2024, 14, 35, 25, -1, 61, 0, 0, 0)) == time.mktime((2025, 3, 8, 1, 0, 1, 0, 0, 0))
    assert time.mktime((2024, 7, 1, 12, 0, 0, 0, 0, -1)) == time.mktime((2024, 7, 1, 12, 0, 0, 0, 0, 1))
    assert time.mktime((2024, 7, 1, 12, 0, 0, 0, 0, 0)) == time.mktime((2024, 7, 1, 13, 0, 0, 0, 0, 1))


def test_tzset_accepts_the_path_of_a_zone_file(zone: Any) -> None:
    if not os.path.exists("/usr/share/zoneinfo/Europe/Berlin"):
        pytest.skip("this system has no zoneinfo database")
    zone(":/usr/share/zoneinfo/Europe/Berlin")
    assert time.tzname == ("CET", "CEST")


def test_cpu_clocks_do_not_advance_during_a_sleep() -> None:
    before = time.monotonic(), time.thread_time(), time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)
    time.sleep(0.05)
    after = time.monotonic(), time.thread_time(), time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)
    passed = after[0] - before[0]
    assert all(0 <= after[at] - before[at] < passed for at in (1, 2))
    assert time.process_time() > 0
    assert time.get_clock_info("thread_time").monotonic
    assert time.clock_gettime(time.pthread_getcpuclockid(threading.get_ident())) > 0


def test_a_sleep_is_not_shorter_than_requested_and_invalid_times_are_refused() -> None:
    begin = time.monotonic()
    time.sleep(0.01)
    assert time.monotonic() - begin >= 0.01
    with pytest.raises(ValueError, match="must be non-negative"):
        time.sleep(-1)
    with pytest.raises(TypeError):
        time.sleep("1")  # type: ignore[arg-type]


def test_sleep_behaves_like_a_built_in_function_in_a_class_and_in_pickle() -> None:
    class Waiter:
        pause = time.sleep

    Waiter().pause(0)  # type: ignore[call-arg, arg-type]
    assert repr(time.sleep) == "<built-in function sleep>"
    assert inspect.isbuiltin(time.sleep)
    assert time.sleep.__self__ is time
    assert pickle.loads(pickle.dumps(time.sleep)) is time.sleep
