"""Database that maps bytes to bytes in an SQLite file. See the package."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, MutableMapping
from contextlib import closing
from typing import Any, Union

__all__ = ["error", "open"]

_FLAGS = {"r": "ro", "w": "rw", "c": "rwc", "n": "rwc"}


class error(OSError):  # the name that scripts see
    """Raised for errors of such a database."""


def _bytes(value: Union[bytes, str, Any]) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


class _Database(MutableMapping):  # type: ignore[type-arg]
    _connection: Any = None

    def __init__(self, path: Any, flag: str, mode: int) -> None:
        if flag not in _FLAGS:
            raise ValueError(f"Flag must be one of 'r', 'w', 'c', or 'n', not {flag!r}")
        name = os.fsdecode(path)
        if flag == "n" and os.path.exists(name):
            os.remove(name)
        if flag in "cn":
            os.close(os.open(name, os.O_CREAT | os.O_RDWR, mode))
        elif not os.path.exists(name):
            raise error(f"{name!r} does not exist; use flag 'c' or 'n' to create it")
        try:
            uri = f"file:{os.path.abspath(name).replace('%', '%25').replace('?', '%3f').replace('#', '%23')}"
            self._connection = sqlite3.connect(f"{uri}?mode={_FLAGS[flag]}", isolation_level=None, uri=True)
            if flag != "r":
                self._connection.execute("PRAGMA journal_mode = wal")
                self._run("CREATE TABLE IF NOT EXISTS Dict (key BLOB UNIQUE NOT NULL, value BLOB NOT NULL)")
        except sqlite3.Error as failure:
            raise error(str(failure)) from failure

    def _run(self, sql: str, *values: Any) -> Any:
        if self._connection is None:
            raise error("DBM object has already been closed")
        try:
            with closing(self._connection.execute(sql, values)) as cursor:
                return cursor.rowcount if cursor.description is None else cursor.fetchone()
        except sqlite3.Error as failure:
            raise error(str(failure)) from failure

    def __len__(self) -> int:
        return int(self._run("SELECT count(*) FROM Dict")[0])

    def __getitem__(self, key: Any) -> bytes:
        row = self._run("SELECT value FROM Dict WHERE key = ?", _bytes(key))
        if row is None:
            raise KeyError(key)
        return bytes(row[0])

    def __setitem__(self, key: Any, value: Any) -> None:
        self._run("REPLACE INTO Dict (key, value) VALUES (?, ?)", _bytes(key), _bytes(value))

    def __delitem__(self, key: Any) -> None:
        if self._run("DELETE FROM Dict WHERE key = ?", _bytes(key)) == 0:
            raise KeyError(key)

    def __iter__(self) -> Iterator[bytes]:
        if self._connection is None:
            raise error("DBM object has already been closed")
        try:
            with closing(self._connection.execute("SELECT key FROM Dict")) as cursor:
                for row in cursor:
                    yield bytes(row[0])
        except sqlite3.Error as failure:
            raise error(str(failure)) from failure

    def keys(self) -> Any:
        """Return the keys as a list of bytes."""
        return list(super().keys())

    def close(self) -> None:
        """Close the file. May be called more than once."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> _Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open(filename: Any, /, flag: str = "r", mode: int = 0o666) -> _Database:
    """Open or create the database: see ``dbm.open``."""
    return _Database(filename, flag, mode)
