"""``sqlite3`` with databases in memory and in files."""

import datetime
import os
import sqlite3
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest

from cloaca._border import bridge


@pytest.fixture(params=["memory", "file"])
def connection(request: Any, tmp_path: Path) -> Iterator[Any]:
    opened = sqlite3.connect(":memory:" if request.param == "memory" else tmp_path / "data.db")
    opened.execute("CREATE TABLE entry (name TEXT, data BLOB)")
    opened.execute("INSERT INTO entry VALUES ('first', ?)", (b"0123456789",))
    opened.commit()
    yield opened
    opened.close()


def names(connection: Any) -> List[Any]:
    return [name for (name,) in connection.execute("SELECT name FROM entry ORDER BY rowid")]


def is_file(connection: Any) -> bool:
    return bool(connection.execute("PRAGMA database_list").fetchone()[2])


# --- blobs ----------------------------------------------------------------------------------------------------------


def test_a_blob_is_read_and_written_in_pieces(connection: Any) -> None:
    with connection.blobopen("entry", "data", 1) as blob:
        assert isinstance(blob, sqlite3.Blob)
        assert (len(blob), blob.read(2), blob.tell()) == (10, b"01", 2)
        blob.write(b"AB")
        blob.seek(-1, os.SEEK_END)
        assert blob.read() == b"9"
        blob[0] = ord("x")
        blob[-2:] = b"yz"
        assert (blob[0], blob[4:8:2], blob[5:5]) == (ord("x"), b"46", b"")

    assert connection.execute("SELECT data FROM entry").fetchone() == (b"x1AB4567yz",)
    assert not connection.in_transaction


def test_a_blob_refuses_invalid_offsets_and_changes_of_its_size(connection: Any) -> None:
    blob = connection.blobopen("entry", "data", 1)

    for call, error, words in (
        (lambda: blob.write(b"x" * 11), ValueError, "data longer than blob"),
        (lambda: blob.seek(11), ValueError, "offset out of blob range"),
        (lambda: blob.seek(0, 9), ValueError, "'origin' should be"),
        (lambda: blob[10], IndexError, "Blob index out of range"),
        (lambda: blob["a"], TypeError, "indices must be integers"),
        (lambda: blob.__setitem__(slice(0, 3), b"x"), IndexError, "wrong size"),
        (lambda: blob.__setitem__(0, 256), ValueError, "must be in range"),
        (lambda: blob.__delitem__(0), TypeError, "doesn't support item deletion"),
    ):
        with pytest.raises(error, match=words):
            call()
    blob.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed blob"):
        blob.read()


@pytest.mark.parametrize("use", [lambda blob: blob.read(), lambda blob: blob.write(b"x"), lambda blob: blob[0]])
def test_using_a_blob_after_its_row_changed_raises_operational_error(connection: Any, use: Any) -> None:
    blob = connection.blobopen("entry", "data", 1)
    connection.execute("UPDATE entry SET data = x'00'")

    with pytest.raises(sqlite3.OperationalError):
        use(blob)


@pytest.mark.parametrize("place", [("entry", "data", 2), ("entry", "nothing", 1), ("nothing", "data", 1)])
def test_opening_a_missing_blob_raises_operational_error(connection: Any, place: Any) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such"):
        connection.blobopen(*place)


def test_a_read_only_blob_refuses_writes(connection: Any) -> None:
    with connection.blobopen("entry", "data", 1, readonly=True) as blob:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            blob.write(b"x")


# --- copies ---------------------------------------------------------------------------------------------------------


def test_serialize_and_deserialize_restore_a_database_and_keep_its_functions(connection: Any) -> None:
    connection.create_function("twice", 1, lambda text: text * 2)
    contents = connection.serialize()
    connection.execute("DELETE FROM entry")
    connection.commit()

    connection.deserialize(contents)

    assert names(connection) == ["first"]
    assert connection.execute("SELECT twice('a')").fetchone() == ("aa",)


@pytest.mark.parametrize(
    ("contents", "error"), [([], TypeError), (None, TypeError), (memoryview(b"blob")[::2], BufferError)]
)
def test_deserialize_accepts_only_bytes(connection: Any, contents: Any, error: Any) -> None:
    with pytest.raises(error):
        connection.deserialize(contents)


def test_a_backup_in_steps_calls_progress_with_the_remaining_pages(connection: Any) -> None:
    progress_calls: List[Any] = []
    target = sqlite3.connect(":memory:")

    connection.backup(target, pages=1, progress=lambda *facts: progress_calls.append(facts))

    (count,) = connection.execute("PRAGMA page_count").fetchone()
    assert [remaining for _, remaining, _ in progress_calls] == list(range(count - 1, -1, -1))
    assert {total for _, _, total in progress_calls} == {count}
    assert progress_calls[-1][0] == sqlite3.SQLITE_DONE
    assert names(target) == ["first"]
    target.close()


# --- callbacks, limits, settings ------------------------------------------------------------------------------------


def test_an_authorizer_can_deny_a_statement(connection: Any) -> None:
    asked: List[Any] = []

    def authorize(action: int, first: Any, second: Any, database: Any, trigger: Any) -> int:
        asked.append((action, first, second))
        return sqlite3.SQLITE_DENY if (action, first, second) == (sqlite3.SQLITE_READ, "entry", "data") else 0

    connection.set_authorizer(authorize)
    assert names(connection) == ["first"]
    with pytest.raises(sqlite3.DatabaseError, match="prohibited"):
        connection.execute("SELECT data FROM entry")
    connection.set_authorizer(None)

    assert connection.execute("SELECT data FROM entry").fetchone() == (b"0123456789",)
    assert (sqlite3.SQLITE_READ, "entry", "name") in asked


def test_an_authorizer_is_asked_for_tables_created_after_it_was_set(connection: Any) -> None:
    tables = set()

    def authorize(action: int, first: Any, *_: Any) -> int:
        if action == sqlite3.SQLITE_READ:
            tables.add(first)
        return sqlite3.SQLITE_OK

    connection.set_authorizer(authorize)
    connection.executescript("CREATE TABLE later (x); CREATE TEMP TABLE passing (y); INSERT INTO later VALUES (1);")
    connection.execute("SELECT x, y FROM later, passing").fetchall()

    assert {"later", "passing"} <= tables


@pytest.mark.skipif(sys.version_info < (3, 11), reason="setlimit is new in Python 3.11")
def test_a_statement_longer_than_the_limit_is_refused(connection: Any) -> None:
    before = connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 10)

    assert connection.getlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH) == 10
    with pytest.raises(sqlite3.DataError, match="too large"):
        connection.execute("SELECT 1, 2, 3")
    with pytest.raises(sqlite3.ProgrammingError, match="out of bounds"):
        connection.getlimit(1111)
    connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, before)
    assert connection.execute("SELECT 1, 2, 3").fetchone() == (1, 2, 3)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="setconfig is new in Python 3.12")
def test_setconfig_enables_foreign_keys(connection: Any) -> None:
    connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_FKEY)  # type: ignore[attr-defined]
    connection.executescript("CREATE TABLE t (t INTEGER PRIMARY KEY); CREATE TABLE u (u REFERENCES t (t));")

    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO u VALUES (1)")


def test_a_collation_works_in_memory_and_is_refused_with_advice_on_a_file(connection: Any) -> None:
    def backwards(left: str, right: str) -> int:
        return (left < right) - (left > right)

    if bridge.has_engine() and is_file(connection):
        with pytest.raises(sqlite3.NotSupportedError, match=r"backup\(sqlite3.connect\(':memory:'\)\)"):
            connection.create_collation("backwards", backwards)
        return
    connection.create_collation("backwards", backwards)
    connection.execute("INSERT INTO entry VALUES ('second', NULL)")

    rows = connection.execute("SELECT name FROM entry ORDER BY name COLLATE backwards").fetchall()
    assert rows == [("second",), ("first",)]


# --- values ---------------------------------------------------------------------------------------------------------


def test_a_text_factory_receives_texts_that_are_not_utf_8_unchanged(connection: Any) -> None:
    connection.execute("INSERT INTO entry VALUES (CAST(x'e9e8' AS TEXT), x'e9')")
    connection.text_factory = lambda data: data.decode("latin-1")

    rows = connection.execute("SELECT name AS n, data FROM entry WHERE rowid = :row; ", {"row": 2}).fetchall()

    assert rows == [("éè", b"\xe9")]


def test_a_text_that_is_not_utf_8_raises_only_for_its_row(connection: Any) -> None:
    rows = [("\ufffd",)] + [(str(number),) for number in range(50)]
    connection.executemany("INSERT INTO entry (name) VALUES (?)", rows)
    connection.execute("INSERT INTO entry (name) VALUES (CAST(x'6180' AS TEXT))")

    cursor = connection.execute("SELECT name AS n FROM entry ORDER BY rowid")

    assert cursor.fetchmany(52) == [("first",), *rows]
    with pytest.raises(sqlite3.OperationalError, match="Could not decode to UTF-8 column 'n' with text 'a"):
        cursor.fetchone()


def test_a_text_factory_does_not_affect_an_insert_statement(connection: Any) -> None:
    connection.text_factory = bytes

    connection.execute("WITH new(n) AS (VALUES ('second')) INSERT INTO entry (name) SELECT n FROM new")

    assert names(connection) == [b"first", b"second"]


def test_texts_read_as_bytes_keep_their_column_names_and_order(connection: Any) -> None:
    connection.executemany("INSERT INTO entry VALUES (?, NULL)", [("c",), ("b",), ("ä",)])
    connection.text_factory = bytes

    cursor = connection.execute("SELECT name, 1.5 AS number, NULL FROM entry ORDER BY name DESC -- the end")

    assert [column[0] for column in cursor.description] == ["name", "number", "NULL"]
    assert [row[0] for row in cursor] == ["ä".encode(), b"first", b"c", b"b"]


def test_the_deprecation_warning_of_default_adapters_names_the_calling_file(connection: Any) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        connection.execute("INSERT INTO entry VALUES (?, NULL)", (datetime.date(2020, 1, 2),))

    assert names(connection)[-1] == "2020-01-02"
    assert [warning.filename for warning in caught] == [__file__] * (sys.version_info >= (3, 12))


def test_a_parameter_list_shortened_by_an_adapter_raises_an_error(connection: Any) -> None:
    class Shortening:
        def __conform__(self, protocol: Any) -> Any:
            parameters.clear()
            return "x"

    parameters: List[Any] = [Shortening(), "y"]

    with pytest.raises((IndexError, sqlite3.ProgrammingError)):
        connection.execute("INSERT INTO entry VALUES (?, ?)", parameters)


def test_relative_files_in_attach_and_vacuum_are_in_the_current_folder(tmp_path: Any, monkeypatch: Any) -> None:
    (tmp_path / "folder").mkdir()
    connection = sqlite3.connect(str(tmp_path / "main.db"), uri=True)
    monkeypatch.chdir(tmp_path / "folder")
    connection.execute("CREATE TABLE here (value)")
    connection.commit()

    connection.execute("ATTACH 'one''s.db' AS one")
    connection.execute("ATTACH DATABASE ? AS two", ("two.db",))
    connection.execute("ATTACH :file AS three", {"file": "three.db"})
    connection.executescript(
        "ATTACH ':memory:' AS four; ATTACH 'file:five.db?mode=rwc' AS five; CREATE TABLE five.t (x)"
    )
    for name in ("one", "two", "three"):
        connection.execute(f"CREATE TABLE {name}.there (value)")
    connection.commit()
    connection.execute("VACUUM INTO 'copy.db'")
    connection.close()

    names = sorted(path.name for path in (tmp_path / "folder").iterdir())
    assert names == ["copy.db", "five.db", "one's.db", "three.db", "two.db"]
    reading = sqlite3.connect(str(tmp_path / "main.db"), uri=True)
    reading.execute("ATTACH ? AS copy", ("file:copy.db?mode=ro",))
    assert reading.execute("SELECT count(*) FROM copy.here").fetchall() == [(0,)]
    reading.close()


def in_another_thread(call: Callable[[], Any]) -> Any:
    """Runs a call in another thread, and returns its result or its exception."""

    def attempt() -> Any:
        try:
            return call()
        except sqlite3.Error as error:
            return error

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(attempt).result()


def test_another_thread_may_read_the_state_of_a_connection(connection: Any) -> None:
    connection.execute("INSERT INTO entry VALUES ('second', NULL)")
    cursor = connection.execute("SELECT name FROM entry")

    assert in_another_thread(lambda: connection.total_changes) == 2
    assert in_another_thread(lambda: connection.in_transaction) is True
    assert in_another_thread(lambda: connection.isolation_level) == ""
    assert in_another_thread(lambda: connection.interrupt()) is None
    assert in_another_thread(lambda: connection.__enter__()) is connection
    assert in_another_thread(lambda: iter(cursor)) is cursor


@pytest.mark.parametrize(
    "call",
    [
        lambda connection: connection.commit(),
        lambda connection: connection.close(),
        lambda connection: connection.cursor(),
        lambda connection: connection.__exit__(None, None, None),
        lambda connection: connection("SELECT 1"),
        lambda connection: sqlite3.Cursor(connection),
        pytest.param(
            lambda connection: connection.getconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_FKEY),  # type: ignore[attr-defined]
            marks=pytest.mark.skipif(sys.version_info < (3, 12), reason="getconfig is new in Python 3.12"),
        ),
    ],
)
@pytest.mark.parametrize("is_closed", [False, True])
def test_using_a_connection_in_another_thread_is_refused(
    connection: Any, call: Callable[[Any], Any], is_closed: bool
) -> None:
    if is_closed:
        connection.close()

    error = in_another_thread(lambda: call(connection))

    assert isinstance(error, sqlite3.ProgrammingError)
    assert "can only be used in that same thread" in str(error)


def test_another_thread_may_set_an_isolation_level_that_does_not_commit(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "data.db")

    assert in_another_thread(lambda: setattr(connection, "isolation_level", "IMMEDIATE")) is None
    error = in_another_thread(lambda: setattr(connection, "isolation_level", None))

    assert isinstance(error, sqlite3.ProgrammingError)
    assert connection.isolation_level is None
    connection.close()
