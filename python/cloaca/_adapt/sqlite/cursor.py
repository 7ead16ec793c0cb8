"""``sqlite3.Cursor`` of a connection to a file: native SQLite runs the statements and returns rows in growing portions.

The C cursor belongs to the connection's empty database in memory. Its description is set for ``sqlite3.Row``, which
reads it there. The module belongs to ``connection``.
"""

from __future__ import annotations

import collections
import itertools
import json
import sqlite3
from typing import Any, Deque, List, Optional, Tuple

from ..._border import bridge, host
from . import exact_text as text
from . import functions, values
from .names import with_whole_paths
from .transactions import LEGACY_TRANSACTION_CONTROL

_Base = sqlite3.Cursor
#: Number of rows requested in the first call of the host, and at most in one call.
_FIRST_ROWS, _MAX_ROWS = 1, 1000
#: Number of executions of ``executemany`` in one call of the host.
_BATCH = 500
_NO_KINDS = itertools.repeat(False)


class NativeCursor(_Base):
    """SQLite database cursor class."""

    __module__ = "sqlite3"

    def _begin(self, connection: Any) -> None:
        if self.__dict__.get("_is_busy"):
            raise sqlite3.ProgrammingError("Recursive use of cursors not allowed.")
        self._connection = connection
        self._running: Optional[int] = None
        self._query: Any = None
        self._received = 0
        self._portion = _FIRST_ROWS
        self._ready: Deque[Any] = collections.deque()
        self._failure: Optional[Exception] = None
        self._columns: List[Tuple[str, Optional[str]]] = []
        self._converters: List[Any] = []
        self._description: Optional[Tuple[Any, ...]] = None
        self._is_described = False
        self._rowcount = -1
        self._lastrowid: Optional[int] = None
        self._counts = self._is_closed = self._is_busy = self._has_kinds = False
        self.arraysize = 1
        self._row_factory: Any = None

    def _check(self) -> int:
        if "_connection" not in self.__dict__:
            raise sqlite3.ProgrammingError("Base Cursor.__init__ not called.")
        if self._is_closed:
            raise sqlite3.ProgrammingError("Cannot operate on a closed cursor.")
        if self._is_busy:
            raise sqlite3.ProgrammingError("Recursive use of cursors not allowed.")
        return int(self._connection._check())

    # --- attributes -------------------------------------------------------------------------------------------------

    @property
    def connection(self) -> Any:
        return self._connection

    @property
    def description(self) -> Any:
        return self._description

    @property
    def rowcount(self) -> int:
        return self._rowcount

    @property
    def lastrowid(self) -> Optional[int]:
        return self._lastrowid

    @property
    def row_factory(self) -> Any:
        return self._row_factory

    @row_factory.setter
    def row_factory(self, factory: Any) -> None:
        self._row_factory = factory

    # --- running ----------------------------------------------------------------------------------------------------

    def execute(self, sql: str, parameters: Any = (), /) -> NativeCursor:
        number = self._start(sql)
        sql, parameters = with_whole_paths(sql, parameters)
        self._is_busy = True
        try:
            bound = json.dumps(values.encode_parameters(values.parameter_names(sql), parameters))
            self._connection._begin_for(sql)
            self._lastrowid = int(self._run(number, sql, bound)["lastRowId"])
        finally:
            self._is_busy = False
        return self

    def executemany(self, sql: str, seq_of_parameters: Any, /) -> NativeCursor:
        number = self._start(sql)
        if not values.is_change(sql):
            raise sqlite3.ProgrammingError("executemany() can only execute DML statements.")
        self._is_busy = True
        try:
            self._rowcount = 0
            names = values.parameter_names(sql)
            batch: List[Any] = []
            try:
                for parameters in seq_of_parameters:
                    batch.append(values.encode_parameters(names, parameters))
                    if len(batch) == _BATCH:
                        self._run_many(number, sql, batch)
            finally:
                if batch:
                    self._run_many(number, sql, batch)
        finally:
            self._is_busy = False
        return self

    def _run_many(self, number: int, sql: str, batch: List[Any]) -> None:
        """Runs a statement once for each set of parameters in a batch, and empties the batch."""
        connection = self._connection
        connection._begin_for(sql)
        connection._prepare_to_write()
        rest, batch[:] = batch[:], []

        def attempt() -> str:
            nonlocal rest
            result = json.loads(host.sqlite.execute_many(number, sql, json.dumps(rest)))
            self._rowcount += result["changes"]
            rest = rest[result["count"] :]
            return json.dumps({"error": result["failure"]}) if "failure" in result else ""

        if connection._trace is not None:
            for each in rest:
                functions.call_trace(connection._trace, values.expanded(sql, json.dumps(each)))
        connection._when_free(attempt)

    def executescript(self, sql_script: str, /) -> NativeCursor:
        number = self._check()
        if not isinstance(sql_script, str):
            raise TypeError(f"executescript() argument must be str, not {type(sql_script).__name__}")
        sql_script.encode()
        if "\0" in sql_script:
            raise ValueError("embedded null character")
        connection = self._connection
        if connection._autocommit == LEGACY_TRANSACTION_CONTROL and host.sqlite.in_transaction(number):
            connection._execute("COMMIT")
        connection._limits.check_sql(sql_script, "query string is too large")
        authorizer = connection._authorizer
        for statement in [sql_script] if authorizer is None else authorizer.check_script(sql_script):
            connection._execute_script(with_whole_paths(statement)[0])
        return self

    def _start(self, sql: Any) -> int:
        if not isinstance(sql, str):
            raise TypeError(f"execute() argument 1 must be str, not {type(sql).__name__}")
        number = self._check()
        sql.encode()
        if "\0" in sql:
            raise sqlite3.ProgrammingError("the query contains a null character")
        self._connection._limits.check_sql(sql, "query string is too large")
        self._connection._limits.check_parameters(len(values.parameter_names(sql)))
        if self._connection._authorizer is not None:
            self._connection._authorizer.check(sql)
        self._finish()
        self._rowcount, self._description, self._is_described = -1, None, False
        return number

    def _run(self, number: int, sql: str, bound: str) -> Any:
        connection = self._connection
        connection._prepare_to_write()
        if connection._trace is not None:
            functions.call_trace(connection._trace, values.expanded(sql, bound))
        self._counts, self._has_kinds = values.is_change(sql), False
        self._query, self._received = (number, sql, bound), 0
        try:
            if connection._text_factory is not str:
                result = self._run_for_bytes()
                if result is not None:
                    return result
            answer = connection._when_free(lambda: host.sqlite.execute(number, sql, bound, _FIRST_ROWS))
        except sqlite3.ProgrammingError as error:
            if "contains no statements" in str(error):
                return {"lastRowId": 0}
            raise
        except sqlite3.OperationalError as error:
            changed = values.with_string_literal(sql, str(error))
            if changed is None:
                raise
            return self._run(number, changed, bound)
        return self._take_answer(answer)

    def _run_for_bytes(self) -> Any:
        """Runs the query again with texts as bytes, starting at the first row that was not received yet.

        Returns None if the statement is not a query, or if the texts of the file are valid UTF-8 anyway.
        """
        number, sql, bound = self._query
        connection = self._connection
        if not text.is_query(sql) or not connection._is_utf8():
            return None
        columns = json.loads(connection._when_free(lambda: host.sqlite.describe(number, sql)))
        if columns is None:
            return None
        wrapped = text.as_bytes(sql, len(columns), self._received)
        answer = connection._when_free(lambda: host.sqlite.execute(number, wrapped, bound, _FIRST_ROWS))
        self._has_kinds = True
        return self._take_answer(answer, columns)

    def _take_answer(self, answer: Any, columns: Any = None) -> Any:
        rows = bridge.text_of(answer)
        result = json.loads(rows)
        if result["columns"] is not None:
            self._describe(result["columns"] if columns is None else columns)
            self._running, self._portion = result["statement"], _FIRST_ROWS
        exact = self._exactly(rows, result)
        if exact is not None:
            return exact
        self._receive(result)
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        return result

    def _exactly(self, rows: str, result: Any) -> Any:
        """Requests the rows again as bytes if one of their texts may not be valid UTF-8. Otherwise returns None."""
        if self._has_kinds or not text.is_doubtful(rows):
            return None
        running, self._running = self._running, None
        exact = self._run_for_bytes()
        if exact is None:
            self._running = running
        elif running is not None and not result["isOver"]:
            host.sqlite.finish(running)
        return exact

    def _describe(self, columns: List[Any]) -> None:
        detect = self._connection._detect_types
        self._columns = [(name, declared) for name, declared in columns]
        self._converters = values.converters_of(self._columns, detect) if detect else []
        cut = detect & sqlite3.PARSE_COLNAMES
        names = [name.partition(" [")[0] if cut else name for name, _ in self._columns]
        self._description = tuple((name, None, None, None, None, None, None) for name in names)

    def _receive(self, result: Any) -> None:
        self._ready.extend(result["rows"])
        self._received += len(result["rows"])
        if result["isOver"]:
            self._running = None
            if self._counts and "changes" in result:
                self._rowcount = int(result["changes"])
        if "failure" in result:
            self._failure = self._connection._explained(result["failure"]["error"])

    def _take_portion(self, running: int) -> None:
        self._portion = min(self._portion * 8, _MAX_ROWS)
        rows = bridge.text_of(host.sqlite.next(running, self._portion))
        result = json.loads(rows)
        if "error" in result:
            self._running = None
            raise self._connection._explained(result["error"])
        if self._exactly(rows, result) is None:
            self._receive(result)

    def _finish(self) -> None:
        running, self._running = self._running, None
        if running is not None and self._connection.__dict__.get("_number") is not None:
            host.sqlite.finish(running)
        self._ready.clear()
        self._failure = None

    # --- rows -------------------------------------------------------------------------------------------------------

    def __iter__(self) -> NativeCursor:
        return self

    def __next__(self) -> Any:
        self._check()
        if not self._ready:
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
            if self._running is None:
                raise StopIteration
            self._take_portion(self._running)
            if not self._ready:
                return next(self)
        self._is_busy = True
        try:
            row = self._make_row(self._ready.popleft())
        finally:
            self._is_busy = False
        if not self._ready and self._running is not None:
            self._take_portion(self._running)  # fetches the next row immediately, as CPython does
        factory = self._row_factory
        if factory is None:
            return row
        self._describe_for_rows()
        return factory(self, row)

    def _make_row(self, cells: List[Any]) -> Tuple[Any, ...]:
        make_text = values.text_maker(self._connection._text_factory)
        if not self._has_kinds and not self._converters and make_text is None and dict not in map(type, cells):
            return tuple(cells)
        row = []
        factory = self._connection._text_factory
        for index, (cell, is_text) in enumerate(text.pairs_of(cells) if self._has_kinds else zip(cells, _NO_KINDS)):
            value = values.decode(cell)
            converter = self._converters[index] if self._converters else None
            if converter is not None:
                value = None if value is None or value == b"" else converter(values.raw(value))
            elif is_text:
                value = text.decoded(value, self._columns[index][0]) if factory is str else factory(value)
            elif make_text is not None and isinstance(value, str):
                value = make_text(value)
            row.append(value)
        return tuple(row)

    def _describe_for_rows(self) -> None:
        """Gives the description to the C cursor, where ``sqlite3.Row`` reads it."""
        if self._is_described or self._description is None:
            return
        names = ", ".join('NULL AS "{}"'.format(column[0].replace('"', '""')) for column in self._description)
        _Base.execute(self, f"SELECT {names} LIMIT 0")
        self._is_described = True

    def fetchone(self) -> Any:
        self._check()
        return next(self, None)

    def fetchmany(self, size: Any = None) -> List[Any]:
        self._check()
        size = self.arraysize if size is None else size
        if size < 0 and size != -1:
            kind = OverflowError if size < -(2**31) else ValueError
            raise kind("size must not be negative")
        found: List[Any] = []
        while size < 0 or len(found) < size:
            try:
                found.append(next(self))
            except StopIteration:
                break
        return found

    def fetchall(self) -> List[Any]:
        self._check()
        return list(self)

    def close(self) -> None:
        if "_connection" not in self.__dict__:
            raise sqlite3.ProgrammingError("Base Cursor.__init__ not called.")
        if self._is_busy:
            raise sqlite3.ProgrammingError("Recursive use of cursors not allowed.")
        self._connection._check()
        self._finish()
        self._is_closed = True

    def __del__(self) -> None:
        if self.__dict__.get("_running") is not None:
            self._finish()

    def setinputsizes(self, sizes: Any, /) -> None:
        """Required by DB-API. Does nothing in sqlite3."""

    def setoutputsize(self, size: Any, column: Any = None, /) -> None:
        """Required by DB-API. Does nothing in sqlite3."""
