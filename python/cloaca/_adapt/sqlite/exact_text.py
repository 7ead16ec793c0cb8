"""Texts exactly as they are in the file, even if they are not valid UTF-8.

better-sqlite3 (seen in 13.2) decodes texts, and replaces invalid bytes. If a query's texts go to a ``text_factory``, or
contain replacement characters, the query therefore runs inside another one, which returns texts as bytes and marks
them. The module belongs to ``cursor``.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any, List, Sequence, Tuple

_QUERY = re.compile(r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*(?:select|values|with)\b", re.IGNORECASE | re.DOTALL)


def is_query(sql: str) -> bool:
    """Returns whether a statement can be nested in another one."""
    return _QUERY.match(sql) is not None


def is_doubtful(rows: str) -> bool:
    """Returns whether rows in JSON contain a text that may not have been valid UTF-8."""
    return "\ufffd" in rows


def decoded(data: bytes, column: str) -> str:
    """Decodes a text of the file. Raises the error of CPython if it is not valid UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        shown = data.decode("utf-8", "replace")
        words = f"Could not decode to UTF-8 column '{column}' with text '{shown}'"
        raise sqlite3.OperationalError(words) from None


def as_bytes(sql: str, count: int, start: int) -> str:
    """Returns a query with two columns for each original one: the value, with text as bytes, and whether it is text.

    The result starts with row number ``start``.
    """
    names = [f"c{index}" for index in range(count)]
    values = [f"CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END" for name in names]
    kinds = [f"typeof({name}) = 'text'" for name in names]
    pairs = ", ".join(f"{value}, {kind}" for value, kind in zip(values, kinds))
    rows = f"WITH cloaca_rows({', '.join(names)}) AS ({sql.rstrip().rstrip(';')}\n)"
    return f"{rows} SELECT {pairs} FROM cloaca_rows LIMIT -1 OFFSET {start}"


def pairs_of(cells: Sequence[Any]) -> List[Tuple[Any, bool]]:
    """Returns the values of a row of such a query, each with a flag that tells whether it is a text."""
    return [(cells[index], bool(cells[index + 1])) for index in range(0, len(cells), 2)]
