"""``Connection.blobopen`` for files of the host: reads and writes parts of a value.

better-sqlite3 (seen in 13.2) has no incremental access, so the whole value is kept in memory, and every write stores it
again. As under CPython, a blob can no longer be used after another statement changed its row, and its size never
changes. It belongs to ``connection``.
"""

from __future__ import annotations

import operator
import os
import sqlite3
from typing import Any, Literal, Optional, Tuple

_LARGEST = 2**31 - 1


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


class Blob:
    """SQLite blob object."""

    __module__ = "sqlite3"
    __class__ = property(lambda self: sqlite3.Blob)
    __iter__ = __contains__ = None

    def __init__(self, connection: Any, table: str, column: str, row: int, readonly: bool, name: str) -> None:
        self._connection, self._is_readonly, self._row = connection, readonly, row
        self._table, self._column = f"{_quoted(name)}.{_quoted(table)}", _quoted(column)
        # Qualified, because SQLite treats a quoted word that is not a column as a string.
        read = f"{_quoted(table)}.{self._column}"
        self._select = f"SELECT typeof({read}), CAST({read} AS BLOB) FROM {self._table} WHERE rowid = ?"
        self._is_closed, self._offset = False, 0
        value = self._fetch()
        if value is None:
            raise sqlite3.OperationalError(f"no such rowid: {row}")
        kind, data = value
        if data is None:
            raise sqlite3.OperationalError(f"cannot open value of type {kind}")
        self._kind, self._data = kind, bytearray(data)
        self._versions = self._current_versions()

    # --- the row ----------------------------------------------------------------------------------------------------

    def _fetch(self) -> Optional[Tuple[str, Optional[bytes]]]:
        """Returns the type and the bytes of the value, or None if the row does not exist.

        A number or NULL has no bytes.
        """
        row = self._plain_cursor().execute(self._select, (self._row,)).fetchone()
        if row is None:
            return None
        return row[0], row[1] if row[0] in ("blob", "text") else None

    def _plain_cursor(self) -> Any:
        cursor = self._connection.cursor()
        cursor.row_factory = None
        return cursor

    def _current_versions(self) -> Tuple[int, int]:
        """Returns numbers that change with every change of the database, by this connection or by others."""
        (version,) = self._plain_cursor().execute("PRAGMA data_version").fetchone()
        return self._connection.total_changes, version

    def _check(self) -> None:
        self._connection._check()
        if self._is_closed:
            raise sqlite3.ProgrammingError("Cannot operate on a closed blob.")

    def _check_row(self) -> None:
        """Raises an error if the row differs from the row that was opened."""
        versions = self._current_versions()
        if versions != self._versions:
            if self._fetch() != (self._kind, bytes(self._data)):
                error = sqlite3.OperationalError("query aborted")
                error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_ABORT, "SQLITE_ABORT"
                raise error
            self._versions = versions

    def _put(self, at: slice, data: Any) -> None:
        """Changes a part of the value, first in the database."""
        if self._is_readonly:
            error = sqlite3.OperationalError("attempt to write a readonly database")
            error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_READONLY, "SQLITE_READONLY"
            raise error
        self._check_row()
        changed = bytearray(self._data)
        changed[at] = data
        value = "CAST(? AS TEXT)" if self._kind == "text" else "?"
        sql = f"UPDATE {self._table} SET {self._column} = {value} WHERE rowid = ?"
        # Without a cursor, which would begin a transaction. Writing to a blob does not.
        self._connection._run_plainly(sql, (bytes(changed), self._row))
        self._data, self._versions = changed, self._current_versions()

    # --- as a file --------------------------------------------------------------------------------------------------

    def read(self, length: int = -1, /) -> bytes:
        """Read data at the current offset position, up to the end if length is negative or not given."""
        self._check()
        end = len(self._data) if length < 0 else min(len(self._data), self._offset + length)
        if end > self._offset:
            self._check_row()
        found = bytes(self._data[self._offset : end])
        self._offset = max(end, self._offset)
        return found

    def write(self, data: Any, /) -> None:
        """Write data at the current offset. The blob length cannot be changed."""
        self._check()
        view = memoryview(data).cast("B") if memoryview(data).c_contiguous else bytes(data)
        if len(view) > len(self._data) - self._offset:
            raise ValueError("data longer than blob")
        self._put(slice(self._offset, self._offset + len(view)), view)
        self._offset += len(view)

    def seek(self, offset: int, origin: int = os.SEEK_SET, /) -> None:
        """Set the current access position to offset."""
        self._check()
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._offset, os.SEEK_END: len(self._data)}
        if origin not in starts:
            raise ValueError("'origin' should be os.SEEK_SET, os.SEEK_CUR, or os.SEEK_END")
        if offset > _LARGEST or (origin != os.SEEK_SET and offset > _LARGEST - starts[origin]):
            raise OverflowError("seek offset results in overflow")
        if not 0 <= starts[origin] + offset <= len(self._data):
            raise ValueError("offset out of blob range")
        self._offset = starts[origin] + offset

    def tell(self) -> int:
        """Return the current access position for the blob."""
        self._check()
        return self._offset

    def close(self) -> None:
        """Close the blob."""
        self._connection._check_thread()
        self._is_closed = True

    def __enter__(self) -> Blob:
        self._check()
        return self

    def __exit__(self, kind: Any, value: Any, trace: Any, /) -> Literal[False]:
        self._check()
        self.close()
        return False

    # --- as a sequence ----------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        self._check()
        return len(self._data)

    def _place(self, key: Any) -> slice:
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self._data))
            return slice(start, max(start, stop) if step > 0 else stop, step)
        if not hasattr(key, "__index__"):
            raise TypeError("Blob indices must be integers")
        index = operator.index(key)
        if not -(2**63) <= index < 2**63:
            raise IndexError(f"cannot fit '{type(key).__name__}' into an index-sized integer")
        index += len(self._data) if index < 0 else 0
        if not 0 <= index < len(self._data):
            raise IndexError("Blob index out of range")
        return slice(index, index + 1)

    def __getitem__(self, key: Any, /) -> Any:
        self._check()
        place = self._place(key)
        self._check_row()
        found = bytes(self._data[place])
        return found if isinstance(key, slice) else found[0]

    def __setitem__(self, key: Any, value: Any, /) -> None:
        self._check()
        place = self._place(key)
        if not isinstance(key, slice):
            if not isinstance(value, int):
                raise TypeError(f"'{type(value).__name__}' object cannot be interpreted as an integer")
            if not 0 <= value <= 255:
                raise ValueError("byte must be in range(0, 256)")
            self._put(place, bytes([value]))
            return
        view = memoryview(value)
        if not view.c_contiguous:
            raise BufferError("memoryview: underlying buffer is not C-contiguous")
        if view.nbytes != len(self._data[place]):
            raise IndexError("Blob slice assignment is wrong size")
        if view.nbytes:
            self._put(place, view.cast("B"))

    def __delitem__(self, key: Any, /) -> None:
        self._check()
        raise TypeError(f"Blob doesn't support {'slice' if isinstance(key, slice) else 'item'} deletion")
