"""Attempts to reach files through SQLite, and servers through the engine."""

import json
import os
import sqlite3

import cloaca

from attempts import border, code

NO_VALUES = '{"kinds": "", "values": [], "names": []}'


def attempts(place):
    outside, writable = place.outside, place.writable
    other = f"{outside}/other.db"

    def on_own(sql, parameters=()):
        return sqlite3.connect(f"{writable}/own.db").execute(sql, parameters).fetchall()

    def attached_twice():
        # The first value of the parameter is a granted path, but SQLite uses the last value.
        paths = [f"{writable}/own.db", other]
        number = border().sqlite.open(":memory:", False, False)
        bound = json.dumps({"kinds": "ss", "values": paths, "names": ["p", "p"]})
        border().sqlite.execute(number, "ATTACH :p AS o", bound, 1)
        return json.loads(border().sqlite.execute(number, "SELECT * FROM o.t", NO_VALUES, 1))["rows"]

    def attached_again():
        # A link replaces the file between two runs of the same statement.
        database = sqlite3.connect(f"{writable}/own.db")
        database.execute(f"ATTACH '{writable}/swapped.db' AS o")
        database.execute("DETACH o")
        os.rename(f"{writable}/swapped-link.db", f"{writable}/swapped.db")
        database.execute(f"ATTACH '{writable}/swapped.db' AS o")
        return database.execute("SELECT * FROM o.t").fetchall()

    def log_by_link():
        # SQLite creates the shared memory file of a database next to it, where a link has its name.
        database = sqlite3.connect(f"{writable}/logged.db")
        database.execute("PRAGMA journal_mode = WAL")
        return database.execute("CREATE TABLE t (x)")

    def copied():
        sqlite3.connect(f"{writable}/own.db").backup(sqlite3.connect(f"{outside}/made"))

    return {
        "opened": lambda: sqlite3.connect(other).execute("SELECT * FROM t").fetchall(),
        "by_uri": lambda: sqlite3.connect(f"file:{other}?mode=ro", uri=True).execute("SELECT * FROM t").fetchall(),
        "by_link": lambda: sqlite3.connect(f"{writable}/link.db").execute("SELECT * FROM t").fetchall(),
        "attached": lambda: on_own(f"ATTACH '{other}' AS o"),
        "attached_uri": lambda: on_own(f"ATTACH 'file:{other}?mode=ro' AS o"),
        "attached_expression": lambda: on_own(f"ATTACH ('{outside}' || '/other.db') AS o"),
        "attached_name": lambda: on_own(f'ATTACH "{other}" AS o'),
        "attached_bytes": lambda: on_own(f"ATTACH x'{other.encode().hex()}' AS o"),
        "attached_behind_comment": lambda: on_own(f"/* ; */ ATTACH/**/DATABASE '{other}' AS o"),
        "attached_parameter": lambda: on_own("ATTACH ? AS o", (other,)),
        "attached_bytes_parameter": lambda: on_own("ATTACH ? AS o", (other.encode(),)),
        "attached_named_parameter": lambda: on_own("ATTACH :file AS o", {"file": other}),
        "attached_twice": attached_twice,
        "attached_again": attached_again,
        "attached_behind_tab": lambda: on_own(f" \x0bATTACH '{other}' AS o"),
        "attached_behind_page": lambda: on_own(f"\x0c\ufeff ATTACH '{other}' AS o"),
        "attached_with_vfs": lambda: on_own(f"ATTACH 'file:{other}?vfs=unix-none&mode=ro' AS o"),
        "attached_function": lambda: on_own("ATTACH iif(1, ?, '') AS o", (other,)),
        "log_by_link": log_by_link,
        "padded_name": lambda: sqlite3.connect(f"{other} ").execute("SELECT * FROM t").fetchall(),
        "attached_in_script": lambda: sqlite3.connect(f"{writable}/own.db").executescript(
            f"SELECT ';'; ATTACH '{other}' AS o;"
        ),
        "attached_by_link": lambda: on_own(f"ATTACH '{writable}/link.db' AS o"),
        "attached_in_memory": lambda: sqlite3.connect(":memory:").execute(f"ATTACH '{other}' AS o"),
        "vacuum_into": lambda: on_own(f"VACUUM INTO '{outside}/made'"),
        "vacuum_into_parameter": lambda: on_own("VACUUM main INTO ?", (f"{outside}/made",)),
        "vacuum_behind_tab": lambda: on_own(f"\x0bVACUUM INTO '{outside}/made'"),
        "vacuum_by_link": lambda: on_own(f"VACUUM INTO '{writable}/dangling.txt'"),
        "temporary_folder": lambda: on_own(f"PRAGMA temp_store_directory = '{outside}'"),
        "copied": copied,
        "extension": lambda: on_own("SELECT load_extension('x')"),
        "by_host": lambda: code(border().sqlite.open(other, False, False)),
        "runner": lambda: cloaca.DefaultRunner(f"sqlite://{outside}/made"),
        "runner_on_server": lambda: cloaca.DefaultRunner("postgresql://user@127.0.0.1:1/db"),
    }
