"""``Connection.backup`` between databases in files and in memory, which belong to two different SQLite libraries."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, Callable

from ..._border import bridge, host
from ..._border.javascript import bytes_of
from ..c_numbers import c_int
from . import errors


class Copies:
    """Methods of a connection that copy its database into bytes, or into another database."""

    _path: str

    def _check(self) -> int:
        raise NotImplementedError

    def _when_free(self, call: Callable[[], Any]) -> Any:
        raise NotImplementedError

    def serialize(self, *, name: str = "main") -> bytes:
        answer = host.sqlite.serialize(self._check(), name)
        if isinstance(answer, str):
            errors.fail(answer)
        return answer.to_bytes()  # type: ignore[no-any-return]

    def backup(
        self,
        target: Any,
        *,
        pages: int = -1,
        progress: Any = None,
        name: str = "main",
        sleep: float = 0.250,
    ) -> None:
        self._check()
        pages = c_int(pages)
        copy_database(self, target, pages, progress, name)


def copy_database(source: Any, target: Any, pages: int, progress: Any, schema: str) -> None:
    """Copies ``source`` over ``target``. Either of them can be a file."""
    if not isinstance(target, sqlite3.Connection):
        raise TypeError(f"backup() argument 1 must be sqlite3.Connection, not {type(target).__name__}")
    if target is source:
        raise ValueError("target cannot be the same connection instance")
    if progress is not None and not callable(progress):
        raise TypeError("progress argument must be a callable")
    if target.in_transaction:
        raise sqlite3.OperationalError("target is in transaction")
    if progress is not None and pages > 0:
        # Progress is reported before the copy, which is made in one step. The callback can change the source, and an
        # exception in it prevents the copy.
        ((count,),) = source.execute(f'PRAGMA "{schema}".page_count').fetchall()
        for remaining in range(count - pages, 0, -pages):
            progress(sqlite3.SQLITE_OK, remaining, count)
    if not isinstance(target, Copies) or not target._path:
        total = _into_memory(source.serialize(name=schema), target)
    elif isinstance(source, Copies):
        total = _into_file(source._check(), target, schema, pages)
    else:
        total = _from_memory(source.serialize(name=schema), target, pages)
    if progress is not None:
        progress(sqlite3.SQLITE_DONE, 0, total)


def _into_memory(contents: bytes, target: sqlite3.Connection) -> int:
    image = bytearray(contents)
    if len(image) > 19:
        image[18] = image[19] = 1  # not WAL, which a database in memory cannot be
    target.deserialize(bytes(image))
    return int(target.execute("PRAGMA page_count").fetchone()[0])


def _from_memory(contents: bytes, target: Any, pages: int) -> int:
    number = host.sqlite.open(":memory:", False, False, bytes_of(contents))
    if isinstance(number, str):
        errors.fail(number)
    try:
        return _into_file(number, target, "main", pages)
    finally:
        host.sqlite.close(number)


def _into_file(number: int, target: Any, schema: str, pages: int) -> int:
    target._check()

    def attempt() -> Any:
        event = bridge.new_event()
        host.sqlite.backup(event, number, target._path, schema, pages)
        bridge.wait_event(event)
        return host.sqlite.take_backup(event)

    return int(json.loads(target._when_free(attempt))["totalPages"])
