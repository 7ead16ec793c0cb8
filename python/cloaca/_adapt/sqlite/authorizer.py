"""``Connection.set_authorizer`` for files of the host.

better-sqlite3 (seen in 13.2) has no authorizer. Each statement is therefore first prepared by the interpreter's own
SQLite, in a database in memory that has the tables of the file without their rows. That SQLite calls the authorizer. It
belongs to ``connection``.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Callable, Dict, Iterator, Optional, Tuple

from . import errors

_Bundled = sqlite3.Connection
_SCHEMA = (
    "SELECT '' AS place, type, name, sql FROM main.sqlite_master WHERE sql NOTNULL UNION ALL "
    "SELECT 'TEMP ', type, name, sql FROM temp.sqlite_master WHERE sql NOTNULL"
)
_ORDER = ("table", "index", "view", "trigger")


class Authorizer:
    """Calls the authorizer for each statement of a connection before the statement runs."""

    def __init__(self, connection: Any, callback: Callable[..., Any]) -> None:
        self._connection, self._callback = connection, callback
        self._known: Any = None
        self._mirror: Optional[sqlite3.Connection] = None
        self._is_ignoring = False

    def _ask(self, *facts: Any) -> Any:
        answer = self._callback(*facts)
        if answer == sqlite3.SQLITE_IGNORE:
            self._is_ignoring = True
        return answer

    def check(self, sql: str) -> None:
        """Raises the error of CPython for a statement that is not allowed or not valid SQL."""
        self._is_ignoring = False
        try:
            self._current_mirror().execute(f"EXPLAIN {sql}")
        except sqlite3.ProgrammingError:
            pass  # raised after the authorizer was called, because the parameters have no values
        if self._is_ignoring:
            raise errors.unsupported("An authorizer that returns SQLITE_IGNORE")

    def check_script(self, sql: str) -> Iterator[str]:
        """Returns the statements of a script one by one, each after it was allowed."""
        statement = ""
        for part in sql.split(";"):
            statement += f"{part};"
            if sqlite3.complete_statement(statement):
                if statement.strip(" \t\r\n;"):
                    self.check(statement)
                    yield statement
                statement = ""
        if statement.strip(" \t\r\n;"):
            yield statement

    def _current_mirror(self) -> sqlite3.Connection:
        schema = self._connection._run_plainly(_SCHEMA)
        known = schema, list(self._connection._kept)
        if self._mirror is None or known != self._known:
            self._known, self._mirror = known, _made(schema, self._connection._kept)
            self._mirror.set_authorizer(self._ask)
        return self._mirror


def _made(schema: Any, functions: Dict[Tuple[str, str], Any]) -> sqlite3.Connection:
    """Creates a database in memory with the same tables and functions."""
    mirror = _Bundled(":memory:", isolation_level=None)
    for kind, name in functions:
        called, _, count = name.rpartition("/")
        if kind == "function":
            mirror.create_function(called, int(count), lambda *_: None)
        else:
            mirror.create_aggregate(called, int(count), _Nothing)
    for place, _, name, sql in sorted(schema, key=lambda row: _ORDER.index(row[1])):
        if not name.startswith("sqlite_"):
            try:
                mirror.execute(sql.replace("CREATE ", f"CREATE {place}", 1))
            except sqlite3.Error:
                pass  # this SQLite does not support it, so statements that use it are rejected
    return mirror


class _Nothing:
    def step(self, *_: Any) -> None:
        pass

    def finalize(self) -> Any:
        pass
