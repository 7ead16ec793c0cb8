"""``sqlite3`` does not open files of the host with the SQLite that is compiled into Pyodide.

That one (seen in 314.0.7) sees no other process's locks and no shared memory: it writes while another process holds the
database, and destroys one in WAL mode. Databases in memory, temporary ones and those in the interpreter's own folders
stay with it. Can go when ``_sqlite3`` locks files for real.
"""

from __future__ import annotations

import os
import sqlite3
from typing import Any

#: Folders of the interpreter's own, which no other process can see.
OWN_FOLDERS = ("/lib/", "/dev/", "/proc/", "/sys/")

REFUSAL = (
    "unable to open database file {path!r}: files of the host cannot be opened here, because the SQLite inside the "
    "interpreter does not see other processes' locks and would damage them"
)

_connect = sqlite3.dbapi2.connect


def install() -> None:
    sqlite3.connect = sqlite3.dbapi2.connect = connect
    sqlite3.Connection = sqlite3.dbapi2.Connection = Connection  # type: ignore[misc]


def is_host_file(database: Any, uri: bool = False) -> bool:
    """Whether a database name given to ``connect`` means a file that other processes can see."""
    name = os.fsdecode(database)
    if uri and name.startswith("file:"):
        from urllib.parse import parse_qs, unquote, urlsplit

        parts = urlsplit(name)
        if parse_qs(parts.query).get("mode") == ["memory"]:
            return False
        name = unquote(parts.path)
    if name in ("", ":memory:"):
        return False
    return not os.path.realpath(name).startswith(OWN_FOLDERS)


class Connection(sqlite3.Connection):
    """SQLite database connection object."""

    __module__ = "sqlite3"

    def __init__(self, database: Any, *args: Any, **options: Any) -> None:
        if is_host_file(database, bool(options.get("uri") or args[6:7] == (True,))):
            raise sqlite3.OperationalError(REFUSAL.format(path=os.fsdecode(database)))
        super().__init__(database, *args, **options)
        self.set_authorizer(None)

    def set_authorizer(self, callback: Any) -> None:
        """Set authorizer callback. Attaching files of the host stays refused."""

        def authorize(action: int, first: Any, second: Any, schema: Any, trigger: Any) -> Any:
            if action == sqlite3.SQLITE_ATTACH and first is not None and is_host_file(first, uri=True):
                return sqlite3.SQLITE_DENY
            return sqlite3.SQLITE_OK if callback is None else callback(action, first, second, schema, trigger)

        super().set_authorizer(authorize)


def connect(database: Any, *args: Any, **options: Any) -> Any:
    """Open a connection to the SQLite database file 'database'."""
    if len(args) < 5 and "factory" not in options:
        options["factory"] = Connection
    return _connect(database, *args, **options)
