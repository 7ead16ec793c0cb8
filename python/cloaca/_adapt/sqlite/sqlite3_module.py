"""``sqlite3`` opens files of the host with native SQLite, and all other databases with the SQLite in Pyodide.

The SQLite in Pyodide (seen in 314.0.7) sees no locks of other processes and no shared memory. It writes while another
process has locked the database, and destroys a database in WAL mode. ``sqlite3.Connection`` and ``Cursor`` therefore
check what they open. A connection to a file of the host becomes a ``NativeConnection``. Databases in memory, temporary
ones, and those in the interpreter's own folders stay with Pyodide, and cannot attach files of the host. Can be deleted
when ``_sqlite3`` uses real file locks.

Proved by ``test/scenarios/sqlite-files.test.ts``.
"""

from __future__ import annotations

import datetime
import functools
import os
import sqlite3
import sqlite3.dbapi2
import threading
import warnings
from typing import Any, Dict, Tuple

from . import functions
from .backup import copy_database
from .connection import NativeConnection, check_thread
from .cursor import NativeCursor
from .names import host_file
from .transactions import LEGACY_TRANSACTION_CONTROL

#: Folders whose frames warnings skip, because they are between a script and the function that it calls.
_OURS = (os.path.dirname(os.path.dirname(__file__)), os.path.dirname(sqlite3.__file__))
_NAMES = ("timeout", "detect_types", "isolation_level", "check_same_thread", "factory", "cached_statements", "uri")
_DEFAULTS: Dict[str, Any] = {
    "timeout": 5.0,
    "detect_types": 0,
    "isolation_level": "",
    "check_same_thread": True,
    "cached_statements": 128,
    "uri": False,
    "autocommit": LEGACY_TRANSACTION_CONTROL,
}

_GUARDED = (
    "cursor commit rollback close set_trace_callback set_authorizer set_progress_handler create_collation "
    "create_function create_aggregate create_window_function blobopen serialize deserialize setlimit getlimit "
    "executescript backup getconfig setconfig __call__ __exit__"
)
#: Parameters that will be positional-only. CPython warns about them in C, with the caller's line.
_POSITIONAL = {
    "set_authorizer": ("authorizer_callback",),
    "set_progress_handler": ("progress_handler",),
    "set_trace_callback": ("trace_callback",),
    "create_function": ("name", "narg", "func"),
    "create_aggregate": ("name", "n_arg", "aggregate_class"),
}

_BundledConnection = sqlite3.Connection
_BundledCursor = sqlite3.Cursor


def prepare() -> None:
    for name in _GUARDED.split():
        setattr(Connection, name, _kept_to_thread(Connection.__dict__.get(name) or getattr(_BundledConnection, name)))
    for name in _POSITIONAL:
        setattr(NativeConnection, name, _kept_to_thread(NativeConnection.__dict__[name]))
    NativeConnection._cursor_class = Cursor
    _warn_in_the_name_of_the_caller()
    modules: Tuple[Any, ...] = (sqlite3, sqlite3.dbapi2)
    for module in modules:
        module.connect = connect
        module.Connection = Connection
        module.Cursor = Cursor
        module.enable_callback_tracebacks = functions.enable_callback_tracebacks


class Connection(_BundledConnection):
    """SQLite database connection object."""

    __module__ = "sqlite3"
    _is_deserializing = False

    def __init__(self, database: Any, *args: Any, **options: Any) -> None:
        if args:
            _warn_of_position("_sqlite3.Connection")
        given = {**dict(zip(_NAMES, args)), **options}
        given.pop("factory", None)
        file = host_file(database, bool(given.get("uri")))
        if file is None:
            self._thread = threading.get_ident() if given.get("check_same_thread", True) else None
            super().__init__(database, **given)
            self.set_authorizer(None)
            return
        unknown = set(given) - set(_DEFAULTS)
        if unknown:
            raise TypeError(f"Connection() got an unexpected keyword argument '{unknown.pop()}'")
        path, mode = file
        if "\0" in path:
            raise ValueError("embedded null character")
        if isinstance(self, NativeConnection):
            self._release()
        else:
            self.__class__ = _native(type(self), NativeConnection)
        self._open(path, {**_DEFAULTS, **given}, mode == "ro", mode in ("ro", "rw"))  # type: ignore[attr-defined]

    def cursor(self, factory: Any = _BundledCursor) -> Any:
        return super().cursor(Cursor if factory is _BundledCursor else factory)

    def set_authorizer(self, authorizer_callback: Any) -> None:
        """Set authorizer callback. Attaching files of the host is still rejected."""

        def authorize(action: int, first: Any, *rest: Any) -> Any:
            if action == sqlite3.SQLITE_ATTACH and not self._is_deserializing:
                # None: the name is not in the statement itself, and can be any file.
                if first is None or host_file(first, uri=True) is not None:
                    return sqlite3.SQLITE_DENY
            return sqlite3.SQLITE_OK if authorizer_callback is None else authorizer_callback(action, first, *rest)

        super().set_authorizer(authorize)

    def deserialize(self, data: Any, /, *, name: str = "main") -> None:
        self._is_deserializing = True  # SQLite deserializes by attaching a database named "x"
        try:
            super().deserialize(data, name=name)
        finally:
            self._is_deserializing = False

    def backup(self, target: Any, **options: Any) -> None:
        if isinstance(target, NativeConnection):
            pages, progress = options.get("pages", -1), options.get("progress")
            copy_database(self, target, pages, progress, options.get("name", "main"))
        else:
            super().backup(target, **options)


class Cursor(_BundledCursor):
    """SQLite database cursor class."""

    __module__ = "sqlite3"

    def __init__(self, connection: Any, /) -> None:
        super().__init__(connection)
        check_thread(connection.__dict__.get("_thread"))
        if isinstance(connection, NativeConnection):
            if not isinstance(self, NativeCursor):
                self.__class__ = _native(type(self), NativeCursor)
            self._begin(connection)  # type: ignore[attr-defined]


def _kept_to_thread(method: Any) -> Any:
    """Makes a method fail in another thread than the connection's, because the bundled SQLite sees only one thread.

    Methods of cursors are unchanged: an additional frame would give warnings of converters the wrong line.
    """
    positional = _POSITIONAL.get(method.__name__, ())

    @functools.wraps(method)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        check_thread(self.__dict__.get("_thread"))
        if options and any(name in options for name in positional):
            _warn_of_names(method.__name__, positional)
            named = {name: options.pop(name) for name in positional if name in options}
            args = (*args, *[named[name] for name in positional[len(args) :] if name in named])
        return method(self, *args, **options)

    return call


def _warn_of_names(call: str, names: Tuple[str, ...]) -> None:
    shown = ", ".join(f"'{name}'" for name in names[:-1]) + (" and " if len(names) > 1 else "") + f"'{names[-1]}'"
    plural = "s" if len(names) > 1 else ""
    warnings.warn(  # type: ignore[call-overload]
        f"Passing keyword argument{plural} {shown} to _sqlite3.Connection.{call}() is deprecated. "
        f"Parameter{plural} {shown} will become positional-only in Python 3.15.",
        DeprecationWarning,
        skip_file_prefixes=_OURS,
    )


_natives: Dict[type, type] = {}


def _native(kind: type, native: type) -> type:
    """Returns the class with native SQLite as its base: the script's methods first, those of the bundled one last."""
    if kind not in _natives:
        known = Connection if native is NativeConnection else Cursor
        namespace = {"__module__": kind.__module__, "__doc__": kind.__doc__, "__qualname__": kind.__qualname__}
        if kind is known:
            # Its own methods are those of the bundled SQLite, so the native ones come first.
            _natives[kind] = type(kind.__name__, (native, kind), {**namespace, "__init__": kind.__init__})
        else:
            _natives[kind] = type(kind.__name__, (kind, _native(known, native)), namespace)
    return _natives[kind]


def connect(database: Any, *args: Any, **options: Any) -> Any:
    """Open a connection to the SQLite database file 'database'.

    You can use ":memory:" to open a database connection to a database that
    resides in RAM instead of on disk.
    """
    factory = options.pop("factory", None)
    if not args:
        return (factory or Connection)(database, **options)
    _warn_of_position("sqlite3.connect")
    if len(args) > 4:
        factory, args = args[4] or factory, (*args[:4], None, *args[5:])
    return (factory or Connection)(database, *args, **options)


def _warn_of_position(name: str) -> None:
    warnings.warn(  # type: ignore[call-overload]
        f"Passing more than 1 positional argument to {name}() is deprecated. Parameters 'timeout', 'detect_types', "
        "'isolation_level', 'check_same_thread', 'factory', 'cached_statements' and 'uri' will become keyword-only "
        "parameters in Python 3.15.",
        DeprecationWarning,
        skip_file_prefixes=_OURS,
    )


def _warn_in_the_name_of_the_caller() -> None:
    """Makes the default adapters and converters warn with the caller's line, as under CPython."""
    adapter: Any = sqlite3.adapters[datetime.date, sqlite3.PrepareProtocol]

    def warn(words: str, category: Any, stacklevel: int) -> None:
        warnings.warn(words, category, skip_file_prefixes=_OURS)  # type: ignore[call-overload]

    adapter.__closure__[adapter.__code__.co_freevars.index("warn")].cell_contents = warn
