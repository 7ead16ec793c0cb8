"""Works on a database that another program has open too. Reads commands from stdin, one word per line."""

import datetime
import json
import sqlite3
import sys
import time

PATH = sys.argv[1]


def said(value):
    print(json.dumps(value), flush=True)


def count(connection):
    return connection.execute("SELECT count(*) FROM jobs").fetchone()[0]


def blocked():
    """Writes with a short timeout while the other program has locked the database."""
    connection = sqlite3.connect(PATH, timeout=0.1)
    began = time.monotonic()
    try:
        connection.execute("INSERT INTO jobs(name) VALUES ('too early')")
    except sqlite3.OperationalError as error:
        said([str(error), error.sqlite_errorname, time.monotonic() - began >= 0.1])
    finally:
        connection.close()


def patient():
    """Waits until the other program releases its lock, and then writes."""
    with sqlite3.connect(PATH, timeout=30) as connection:
        said("waiting")
        connection.execute("INSERT INTO jobs(name) VALUES ('patient')")
        said(count(connection))
    connection.close()


def shared():
    """Writes in WAL mode while the other program has the database open, and counts the rows of both."""
    connection = sqlite3.connect(PATH)
    said([connection.execute("PRAGMA journal_mode").fetchone()[0], count(connection)])
    with connection:
        connection.executemany("INSERT INTO jobs(name) VALUES (?)", [("a",), ("b",)])
    said(count(connection))
    connection.close()


def surface():
    """Uses adapters, converters, functions, rows, constraints and backups of the module on a file."""
    connection = sqlite3.connect(PATH, detect_types=sqlite3.PARSE_DECLTYPES)
    sqlite3.register_adapter(datetime.date, lambda day: day.isoformat())
    sqlite3.register_converter("day", lambda text: datetime.date.fromisoformat(text.decode()))
    connection.create_function("shout", 1, lambda text: text.upper() + "!")
    connection.row_factory = sqlite3.Row
    connection.execute("CREATE TABLE facts(at DAY, real, blob, big INTEGER UNIQUE)")
    values = {"at": datetime.date(2024, 2, 29), "real": 1.0, "blob": b"\x00\xff", "big": 2**62}
    connection.execute("INSERT INTO facts VALUES (:at, :real, :blob, :big)", values)
    row = connection.execute("SELECT *, shout('hey') AS shouted, \"text\" AS word FROM facts").fetchone()
    said([row["at"].isoformat(), row["real"], row["blob"].hex(), row["big"], row["SHOUTED"], row["word"], row.keys()])
    try:
        connection.execute("INSERT INTO facts(big) VALUES (?)", (2**62,))
    except sqlite3.IntegrityError as error:
        said([str(error), error.sqlite_errorname, connection.in_transaction])
    connection.rollback()
    said(connection.execute("SELECT count(*) FROM facts").fetchone()[0])
    copy = sqlite3.connect(":memory:")
    connection.backup(copy)
    said([count(copy), isinstance(copy, sqlite3.Connection), isinstance(connection, sqlite3.Connection)])
    try:
        copy.execute("ATTACH DATABASE ? AS file", (PATH,))
    except sqlite3.DatabaseError as error:
        said(type(error).__name__)
    connection.close()


for line in sys.stdin:
    {"blocked": blocked, "patient": patient, "shared": shared, "surface": surface}[line.strip()]()
