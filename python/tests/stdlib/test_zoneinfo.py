"""``zoneinfo``: time zones, also without a database of the system."""

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


def test_a_zone_has_different_offsets_in_winter_and_summer() -> None:
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    offsets = [datetime.datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)]
    assert offsets == [datetime.timedelta(hours=1), datetime.timedelta(hours=2)]


def test_the_error_for_an_unknown_zone_names_it() -> None:
    with pytest.raises(zoneinfo.ZoneInfoNotFoundError, match="Nowhere/Land"):
        zoneinfo.ZoneInfo("Nowhere/Land")


def test_the_pure_python_implementation_can_be_imported() -> None:
    assert importlib.import_module("zoneinfo._zoneinfo").ZoneInfo.no_cache("UTC").key == "UTC"


def test_zones_are_found_without_the_database_of_the_system(no_system_database: None) -> None:
    pytest.importorskip("tzdata")
    assert "America/Argentina/Ushuaia" in zoneinfo.available_timezones()
    assert zoneinfo.ZoneInfo.no_cache("Asia/Kathmandu").utcoffset(datetime.datetime(2026, 1, 1)) is not None
    assert sys.modules["tzdata"]
