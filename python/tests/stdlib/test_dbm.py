"""``dbm`` and ``shelve``: objects in a database file."""

import dbm
import shelve
from pathlib import Path

import pytest


def test_stored_entries_are_there_after_reopening_the_database(tmp_path: Path) -> None:
    path = str(tmp_path / "state")
    with dbm.open(path, "c") as database:
        database["seen"] = "42"
        database[b"gone"] = b"1"
        del database["gone"]
    with dbm.open(path) as database:
        assert database["seen"] == database[b"seen"] == b"42"
        assert "seen" in database
        assert list(database.keys()) == [b"seen"]
        assert database.get("gone") is None
        with pytest.raises(KeyError):
            database["gone"]
        with pytest.raises(dbm.error):
            database["new"] = "1"


def test_a_new_database_is_empty_and_opening_a_missing_or_invalid_file_raises(tmp_path: Path) -> None:
    path = str(tmp_path / "state")
    with pytest.raises(dbm.error):
        dbm.open(path).close()
    assert dbm.whichdb(path) is None
    for _ in range(2):
        with dbm.open(path, "n") as database:
            assert len(database.keys()) == 0
            database["key"] = "value"
    (tmp_path / "text").write_text("no database, whatever it is")
    assert dbm.whichdb(str(tmp_path / "text")) == ""
    with pytest.raises(dbm.error):
        dbm.open(str(tmp_path / "text")).close()


def test_a_shelf_stores_python_objects(tmp_path: Path) -> None:
    with shelve.open(str(tmp_path / "shelf"), writeback=True) as shelf:
        shelf["list"] = [1, 2]
        shelf["list"].append({"three": 3.0})
    with shelve.open(str(tmp_path / "shelf"), flag="r") as shelf:
        assert dict(shelf) == {"list": [1, 2, {"three": 3.0}]}


def test_at_least_one_backend_of_dbm_can_be_imported_and_written(tmp_path: Path) -> None:
    tried = []
    for name in dbm._names:  # type: ignore[attr-defined]
        try:
            tried.append(__import__(name, fromlist=["open"]))
        except ImportError:
            continue
    for module in tried:
        with module.open(str(tmp_path / module.__name__), "c") as database:
            database[b"key"] = b"value"
    assert tried
