"""Texts for a ``text_factory``: the bytes that the file has, whether they are UTF-8 or not.

better-sqlite3 (seen in 13.2) decodes texts, and puts replacement characters where they are no UTF-8. So a query whose
texts go to a factory runs inside of another one, which makes bytes of texts and says which they were. Goes with
``_sqlite_cursor``.
"""

from __future__ import annotations

import re
from typing import Any, List, Sequence, Tuple

_QUERY = re.compile(r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*(?:select|values|with)\b", re.IGNORECASE | re.DOTALL)


def is_query(sql: str) -> bool:
    """Whether a statement can stand inside of another one."""
    return _QUERY.match(sql) is not None


def as_bytes(sql: str, count: int) -> str:
    """The query with two columns for each of its own: the value with bytes for a text, and whether it was one."""
    names = [f"c{index}" for index in range(count)]
    values = [f"CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END" for name in names]
    kinds = [f"typeof({name}) = 'text'" for name in names]
    pairs = ", ".join(f"{value}, {kind}" for value, kind in zip(values, kinds))
    return f"WITH cloaca_rows({', '.join(names)}) AS ({sql.rstrip().rstrip(';')}\n) SELECT {pairs} FROM cloaca_rows"


def pairs_of(cells: Sequence[Any]) -> List[Tuple[Any, bool]]:
    """The values of a row of such a query, each with whether it is a text."""
    return [(cells[index], bool(cells[index + 1])) for index in range(0, len(cells), 2)]
