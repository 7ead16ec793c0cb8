"""``zoneinfo``: the database is there, also where the system has none."""

import datetime
import importlib
import sys
import zoneinfo
from typing import Iterator

import pytest


@pytest.fixture
def no_system_database() -> Iterator[None]:
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([])
    yield
    zoneinfo.reset_tzpath(before)


def test_offsets_change_where_the_clocks_do() -> None:
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    offsets = [datetime.datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)]
    assert offsets == [datetime.timedelta(hours=1), datetime.timedelta(hours=2)]


def test_a_zone_that_there_is_not_is_named() -> None:
    with pytest.raises(zoneinfo.ZoneInfoNotFoundError, match="Nowhere/Land"):
        zoneinfo.ZoneInfo("Nowhere/Land")


def test_the_implementation_in_python_can_be_asked_for() -> None:
    assert importlib.import_module("zoneinfo._zoneinfo").ZoneInfo.no_cache("UTC").key == "UTC"


def test_every_zone_can_be_found_without_the_systems_database(no_system_database: None) -> None:
    pytest.importorskip("tzdata")
    assert "America/Argentina/Ushuaia" in zoneinfo.available_timezones()
    assert zoneinfo.ZoneInfo.no_cache("Asia/Kathmandu").utcoffset(datetime.datetime(2026, 1, 1)) is not None
    assert sys.modules["tzdata"]
