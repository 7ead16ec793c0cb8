"""``Connection.setlimit``, ``getlimit``, ``setconfig`` and ``getconfig`` for files of the host.

better-sqlite3 (seen in 13.2) has no access to the limits and settings of SQLite. Limits that Python can check are
checked here, settings that have a pragma are set with it, and the others keep their defaults. The module belongs to
``connection``.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Dict

from . import errors

#: Limits that SQLite is built with, by category.
_DEFAULTS: Dict[int, int] = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 1_000_000_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 2000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 1000,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 500,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 250_000_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 127,
    sqlite3.SQLITE_LIMIT_ATTACHED: 10,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50_000,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 32_766,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1000,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_WATCHED = (
    sqlite3.SQLITE_LIMIT_SQL_LENGTH,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG,
)
_PRAGMAS = {
    sqlite3.SQLITE_DBCONFIG_ENABLE_FKEY: "foreign_keys",  # type: ignore[attr-defined]
    sqlite3.SQLITE_DBCONFIG_TRUSTED_SCHEMA: "trusted_schema",  # type: ignore[attr-defined]
    sqlite3.SQLITE_DBCONFIG_LEGACY_ALTER_TABLE: "legacy_alter_table",  # type: ignore[attr-defined]
    sqlite3.SQLITE_DBCONFIG_WRITABLE_SCHEMA: "writable_schema",  # type: ignore[attr-defined]
}


class Limits:
    """Limits of one connection."""

    def __init__(self) -> None:
        self._values = dict(_DEFAULTS)

    def get(self, category: int) -> int:
        if category not in self._values:
            raise sqlite3.ProgrammingError("'category' is out of bounds")
        return self._values[category]

    def set(self, category: int, limit: int) -> int:
        """Sets a limit and returns its previous value.

        A negative limit changes nothing, and the maximum is SQLite's own limit.
        """
        before = self.get(category)
        if limit < 0:
            return before
        wanted = min(limit, _DEFAULTS[category])
        if wanted != before and category not in _WATCHED:
            raise errors.unsupported("This limit")
        self._values[category] = wanted
        return before

    def check_sql(self, sql: str, words: str) -> None:
        limit = self._values[sqlite3.SQLITE_LIMIT_SQL_LENGTH]
        if len(sql) > limit or (not sql.isascii() and len(sql.encode()) > limit):
            raise sqlite3.DataError(words)

    def check_parameters(self, count: int) -> None:
        if count > self._values[sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER]:
            raise sqlite3.OperationalError("too many SQL variables")

    def check_function(self, count: int, name: str) -> None:
        limit = self._values[sqlite3.SQLITE_LIMIT_FUNCTION_ARG]
        if not -1 <= count <= limit:
            raise sqlite3.ProgrammingError(f"'{name}' must be between -1 and {limit}, not {count}")


def get_config(connection: Any, base: Any, op: int) -> bool:
    pragma = _PRAGMAS.get(op)
    if pragma is None:
        return bool(base.getconfig(connection, op))
    return bool(connection._run_plainly(f"PRAGMA {pragma}")[0][0])


def set_config(connection: Any, base: Any, op: int, enable: bool) -> None:
    pragma = _PRAGMAS.get(op)
    if pragma is not None:
        connection._run_plainly(f"PRAGMA {pragma} = {int(bool(enable))}")
    elif bool(base.getconfig(connection, op)) != bool(enable):
        raise errors.unsupported("This setting")
