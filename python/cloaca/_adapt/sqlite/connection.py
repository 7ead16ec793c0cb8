"""``sqlite3.Connection`` for files of the host: native SQLite (better-sqlite3) with real locks and shared memory.

The SQLite in Pyodide (seen in 314.0.7) does not see the locks of other processes, and destroys databases in WAL mode. A
connection to a file becomes an instance of this class. Its C connection still exists, for an empty database in memory,
so that the object is a ``sqlite3.Connection`` and ``sqlite3.Row`` works. Can be deleted when ``_sqlite3`` uses real
locks.

Proved by ``test/scenarios/sqlite-files.test.ts``.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import warnings
from typing import Any, Callable, Dict, Optional

from ..._border import bridge, host
from ..._border.javascript import bytes_of, destroy
from ..pauses import pause_until
from . import errors, functions, limits, values
from .authorizer import Authorizer
from .backup import Copies
from .blob import Blob
from .limits import Limits
from .transactions import LEGACY_TRANSACTION_CONTROL, Transactions, checked_autocommit, checked_level
from .values import is_change

_Base = sqlite3.Connection
_BundledCursor = sqlite3.Cursor
#: Milliseconds between two attempts to get a lock, as in SQLite's own busy handler.
_PAUSES_MS = (1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100)


class NativeConnection(Transactions, Copies, _Base):
    """SQLite database connection object."""

    __module__ = "sqlite3"

    #: Class of cursors that no factory creates. ``sqlite3_module`` sets the class that scripts see.
    _cursor_class: type = _BundledCursor

    #: The host's number of the open database, or None while it is closed. `_check` then raises an error.
    _number: int

    def _open(self, path: str, options: Dict[str, Any], is_readonly: bool, must_exist: bool) -> None:
        _Base.__init__(self, ":memory:")
        self._number = None  # type: ignore[assignment]
        self._was_opened = False
        self._path = path
        self._timeout = float(options["timeout"])
        self._detect_types = int(options["detect_types"])
        self._thread = threading.get_ident() if options["check_same_thread"] else None
        self._autocommit: Any = LEGACY_TRANSACTION_CONTROL
        self._isolation_level = checked_level(options["isolation_level"])
        self._row_factory: Any = None
        self._text_factory: Any = str
        self._trace: Optional[Callable[[str], Any]] = None
        self._is_durable = is_readonly
        self._kept: Dict[Any, Any] = {}
        self._registrations: Dict[Any, Callable[[int], Any]] = {}
        self._authorizer: Optional[Authorizer] = None
        self._limits = Limits()
        self._function_failure: Optional[BaseException] = None
        answer = self._when_free(lambda: host.sqlite.open(path, is_readonly, must_exist))
        self._number, self._was_opened = int(answer), True
        self._autocommit = checked_autocommit(options["autocommit"])
        if self._autocommit is False:
            self._execute("BEGIN")

    # --- running statements -----------------------------------------------------------------------------------------

    def _check(self) -> int:
        """Returns the number of the open database. Raises an error if it is closed, or in another thread."""
        self._check_thread()
        return self._check_open()

    def _check_open(self) -> int:
        """Returns the number of the open database like `_check`, but also in other threads.

        CPython allows some methods in every thread.
        """
        if self.__dict__.get("_number") is None:
            never = not self.__dict__.get("_was_opened")
            raise sqlite3.ProgrammingError(
                "Base Connection.__init__ not called." if never else "Cannot operate on a closed database."
            )
        return self._number

    def _check_thread(self) -> None:
        check_thread(self.__dict__.get("_thread"))

    def _when_free(self, call: Callable[[], Any]) -> Any:
        """Returns the result of a call. While another connection holds a lock, it repeats the call until a timeout."""
        answer: Any = None
        problem: Optional[Dict[str, str]] = None

        def is_over() -> bool:
            nonlocal answer, problem
            answer = call()
            text = answer if isinstance(answer, str) else ""
            problem = json.loads(text)["error"] if text.startswith('{"error"') else None
            return problem is None or not errors.is_busy(problem)

        pause_until(is_over, _PAUSES_MS, self._timeout)
        if problem is not None:
            raise self._explained(problem)
        return answer

    def _explained(self, described: Dict[str, str]) -> Exception:
        error = errors.exception_of(described)
        cause, self._function_failure = self._function_failure, None
        return error if cause is None else functions.with_cause(error, cause)

    def _prepare_to_write(self) -> None:
        """Makes commits survive a power failure, as SQLite does by default. better-sqlite3 risks them in WAL mode."""
        if not self._is_durable:
            self._is_durable = host.sqlite.execute_script(self._number, "PRAGMA synchronous = FULL") is None

    def _execute(self, sql: str) -> None:
        if self._authorizer is not None:
            self._authorizer.check(sql)
        self._execute_script(sql)

    def _execute_script(self, sql: str) -> None:
        self._prepare_to_write()
        if self._trace is not None:
            functions.call_trace(self._trace, sql)
        self._when_free(lambda: host.sqlite.execute_script(self._number, sql))

    def _run_plainly(self, sql: str, parameters: Any = ()) -> Any:
        """Runs a statement of this module, without beginning a transaction and without calling callbacks."""
        bound = json.dumps(values.encode_parameters([None] * len(parameters), parameters))
        answer = self._when_free(lambda: host.sqlite.execute(self._check(), sql, bound, 1_000_000))
        answer = json.loads(bridge.text_of(answer))
        if "failure" in answer:
            raise self._explained(answer["failure"]["error"])
        return [[values.decode(cell) for cell in row] for row in answer["rows"]]

    def _is_utf8(self) -> bool:
        return bool(self._run_plainly("PRAGMA encoding") == [["UTF-8"]])

    def _has_begun(self, number: Any) -> bool:
        return bool(host.sqlite.in_transaction(number))

    def _begin_for(self, sql: str) -> None:
        """Begins the transaction that a statement needs, if transactions begin implicitly."""
        if self._autocommit == LEGACY_TRANSACTION_CONTROL and self._isolation_level is not None:
            if is_change(sql) and not host.sqlite.in_transaction(self._number):
                self._execute(f"BEGIN {self._isolation_level}")

    # --- attributes -------------------------------------------------------------------------------------------------

    @property
    def total_changes(self) -> int:
        return int(host.sqlite.total_changes(self._check_open()))

    @property
    def row_factory(self) -> Any:
        return self._row_factory

    @row_factory.setter
    def row_factory(self, factory: Any) -> None:
        self._row_factory = factory

    @property
    def text_factory(self) -> Any:
        return self._text_factory

    @text_factory.setter
    def text_factory(self, factory: Any) -> None:
        self._text_factory = factory

    # --- the end ----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        self._check_thread()
        if self.__dict__.get("_number") is not None:
            number = self._check()
            if self._autocommit is False and host.sqlite.in_transaction(number):
                self._execute("ROLLBACK")
            self._release()
        _Base.close(self)

    def _release(self) -> None:
        number, self._number = self._number, None  # type: ignore[assignment]
        if number is not None:
            host.sqlite.close(number)
        for proxy in self._kept.values():
            destroy(proxy)
        self._kept.clear()

    def __del__(self) -> None:
        if self.__dict__.get("_number") is not None:
            warnings.warn(f"unclosed database in {self!r}", ResourceWarning, source=self, stacklevel=2)
            self._release()
            _Base.close(self)

    # --- statements -------------------------------------------------------------------------------------------------

    def cursor(self, factory: Any = _BundledCursor) -> Any:
        self._check()
        cursor = (self._cursor_class if factory is _BundledCursor else factory)(self)
        if not issubclass(type(cursor), sqlite3.Cursor):
            raise TypeError(f"factory must return a cursor, not {type(cursor).__name__}")
        if self._row_factory is not None:
            cursor.row_factory = self._row_factory
        return cursor

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> Any:
        return self.cursor().executemany(sql, parameters)

    def executescript(self, sql_script: str, /) -> Any:
        return self.cursor().executescript(sql_script)

    def __call__(self, *args: Any) -> Any:
        self._check()
        if args and isinstance(args[0], str):
            self._limits.check_sql(args[0], "query string is too large")
        return _Base.__call__(self, *args)

    def iterdump(self, *, filter: Optional[str] = None) -> Any:
        self._check_open()
        from sqlite3.dump import _iterdump  # type: ignore[attr-defined]

        return _iterdump(self, filter=filter)

    # --- functions of the script ------------------------------------------------------------------------------------

    def create_function(self, name: str, narg: int, func: Any, *, deterministic: bool = False) -> None:
        functions.create_function(self, host.sqlite, name, narg, func, deterministic)

    def create_aggregate(self, name: str, n_arg: int, aggregate_class: Any) -> None:
        functions.create_aggregate(self, host.sqlite, name, n_arg, aggregate_class, is_window=False)

    def create_window_function(self, name: str, num_params: int, aggregate_class: Any) -> None:
        functions.create_aggregate(self, host.sqlite, name, num_params, aggregate_class, is_window=True)

    def set_trace_callback(self, trace_callback: Any) -> None:
        self._check()
        self._trace = trace_callback

    def set_authorizer(self, authorizer_callback: Any) -> None:
        self._check()
        self._authorizer = None if authorizer_callback is None else Authorizer(self, authorizer_callback)

    def set_progress_handler(self, progress_handler: Any, n: int) -> None:
        self._check()
        if progress_handler is not None:
            raise errors.unsupported("A progress handler")

    def create_collation(self, name: str, callback: Any, /) -> None:
        self._check()
        if not isinstance(name, str):
            raise TypeError(f"create_collation() argument 1 must be str, not {type(name).__name__}")
        name.encode()
        if callback is not None and not callable(callback):
            raise TypeError("parameter must be callable")
        if callback is not None:
            raise errors.unsupported("A collation function", "sort the rows in Python")

    def blobopen(self, table: str, column: str, row: int, /, *, readonly: bool = False, name: str = "main") -> Any:
        self._check()
        return Blob(self, table, column, row, readonly, name)

    def deserialize(self, data: Any, /, *, name: str = "main") -> None:
        self._check()
        view = memoryview(data)
        if not view.c_contiguous:
            raise BufferError("memoryview: underlying buffer is not C-contiguous")
        if name != "main":
            raise errors.unsupported("Deserializing into an attached database")
        image = bytearray(view.cast("B"))
        if len(image) > 19:
            image[18] = image[19] = 1  # not WAL, which a database in memory cannot be
        contents = (bytes_of(image),) if image else ()
        answer = host.sqlite.open(":memory:", False, False, *contents)
        if isinstance(answer, str):
            errors.fail(answer)
        host.sqlite.close(self._number)
        self._number, self._path = int(answer), ""
        for register in self._registrations.values():
            register(self._number)

    def enable_load_extension(self, enable: bool, /) -> None:
        self._check()
        if enable:
            raise errors.unsupported("An extension")

    def load_extension(self, name: str, /, *, entrypoint: Optional[str] = None) -> None:
        self._check()
        raise errors.unsupported("An extension")

    def getlimit(self, category: int, /) -> int:
        self._check()
        return self._limits.get(category)

    def setlimit(self, category: int, limit: int, /) -> int:
        self._check()
        return self._limits.set(category, limit)

    def getconfig(self, op: int, /) -> bool:
        self._check()
        return limits.get_config(self, _Base, op)

    def setconfig(self, op: int, enable: bool = True, /) -> None:  # type: ignore[override]
        self._check()
        limits.set_config(self, _Base, op, enable)

    def interrupt(self) -> None:
        """Does nothing. No statement runs while Python code runs, because calls of SQLite are synchronous."""
        self._check_open()


def check_thread(owner: Optional[int]) -> None:
    """Raises an error in another thread than the one that created the connection. ``owner`` None allows all threads."""
    if owner is not None and threading.get_ident() != owner:
        raise sqlite3.ProgrammingError(
            "SQLite objects created in a thread can only be used in that same thread. The object was created in "
            f"thread id {owner} and this is thread id {threading.get_ident()}."
        )
