"""Exceptions of ``sqlite3`` for the errors that native SQLite reports. This module replaces nothing."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, NoReturn

_BY_CODE = {
    "INTERNAL": sqlite3.InternalError,
    "NOTFOUND": sqlite3.InternalError,
    "CORRUPT": sqlite3.DatabaseError,
    "NOTADB": sqlite3.DatabaseError,
    "TOOBIG": sqlite3.DataError,
    "CONSTRAINT": sqlite3.IntegrityError,
    "MISMATCH": sqlite3.IntegrityError,
    "MISUSE": sqlite3.InterfaceError,
    "RANGE": sqlite3.InterfaceError,
}
_OPERATIONAL = [
    "ERROR",
    "PERM",
    "ABORT",
    "BUSY",
    "LOCKED",
    "READONLY",
    "INTERRUPT",
    "IOERR",
    "FULL",
    "CANTOPEN",
    "PROTOCOL",
    "EMPTY",
    "SCHEMA",
]


def primary_code(name: str) -> str:
    """Returns the primary part of a code: ``BUSY`` for ``SQLITE_BUSY_SNAPSHOT``."""
    return name.removeprefix("SQLITE_").partition("_")[0]


def exception_of(described: dict[str, str]) -> Exception:
    """Returns the exception for an error of better-sqlite3, which has a code and a message."""
    name, message = described["code"], described["message"]
    if not name.startswith("SQLITE_"):
        return _exception_of_misuse(message)
    primary = primary_code(name)
    if primary == "NOMEM":
        return MemoryError()
    kind = sqlite3.OperationalError if primary in _OPERATIONAL else _BY_CODE.get(primary, sqlite3.DatabaseError)
    error = kind(message)
    error.sqlite_errorname = name
    error.sqlite_errorcode = getattr(sqlite3, name, 0) or getattr(sqlite3, f"SQLITE_{primary}", 1)
    return error


def _exception_of_misuse(message: str) -> Exception:
    """Returns the exception for an error of better-sqlite3 itself, which SQLite did not raise."""
    if "more than one statement" in message:
        return sqlite3.ProgrammingError("You can only execute one statement at a time.")
    if "directory does not exist" in message:
        error = sqlite3.OperationalError("unable to open database file")
        error.sqlite_errorname, error.sqlite_errorcode = "SQLITE_CANTOPEN", sqlite3.SQLITE_CANTOPEN
        return error
    if "too big" in message:
        return sqlite3.DataError("string or blob too big")
    return sqlite3.ProgrammingError(message)


def fail(answer: str) -> NoReturn:
    """Raises the exception for an error in JSON."""
    raise exception_of(json.loads(answer)["error"])


def unsupported(what: str, instead: str = "") -> sqlite3.NotSupportedError:
    """Returns the exception for a feature that only a database in memory has here."""
    way = "copy the database into memory with source.backup(sqlite3.connect(':memory:'))"
    advice = f"{instead}, or {way}" if instead else way
    return sqlite3.NotSupportedError(
        f"{what} is not supported by the cloaca engine if the database is a file: {advice}"
    )


def is_busy(described: Any) -> bool:
    """Returns whether waiting may help because another connection holds a lock."""
    name: str = described["code"]
    return primary_code(name) == "BUSY" and name != "SQLITE_BUSY_SNAPSHOT"
