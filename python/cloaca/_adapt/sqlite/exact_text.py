"""Texts as the file has them, whether they are UTF-8 or not.

better-sqlite3 (seen in 13.2) decodes texts, and puts replacement characters where they are no UTF-8. So a query whose
texts go to a ``text_factory``, or have such characters, runs inside of another one, which makes bytes of texts and says
which they were. Goes with ``cursor``.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any, List, Sequence, Tuple

_QUERY = re.compile(r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*(?:select|values|with)\b", re.IGNORECASE | re.DOTALL)


def is_query(sql: str) -> bool:
    """Whether a statement can stand inside of another one."""
    return _QUERY.match(sql) is not None


def is_doubtful(rows: str) -> bool:
    """Whether the rows, as JSON, have a text that was perhaps no UTF-8."""
    return "\ufffd" in rows


def decoded(data: bytes, column: str) -> str:
    """A text of a file as a str; raises as CPython where it is no UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        shown = data.decode("utf-8", "replace")
        words = f"Could not decode to UTF-8 column '{column}' with text '{shown}'"
        raise sqlite3.OperationalError(words) from None


def as_bytes(sql: str, count: int, start: int) -> str:
    """The query with two columns for each of its own: the value with bytes for a text, and whether it was one.

    It begins with the row of the given number.
    """
    names = [f"c{index}" for index in range(count)]
    values = [f"CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END" for name in names]
    kinds = [f"typeof({name}) = 'text'" for name in names]
    pairs = ", ".join(f"{value}, {kind}" for value, kind in zip(values, kinds))
    rows = f"WITH cloaca_rows({', '.join(names)}) AS ({sql.rstrip().rstrip(';')}\n)"
    return f"{rows} SELECT {pairs} FROM cloaca_rows LIMIT -1 OFFSET {start}"


def pairs_of(cells: Sequence[Any]) -> List[Tuple[Any, bool]]:
    """The values of a row of such a query, each with whether it is a text."""
    return [(cells[index], bool(cells[index + 1])) for index in range(0, len(cells), 2)]
