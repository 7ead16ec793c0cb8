"""Meaning of database names in SQLite: a file of the host, or a database that no other process can see.

This module replaces nothing. ``sqlite3_module`` uses it for names that are opened, and ``cursor`` for names in
statements. The native library resolves relative names from the folder of the process, not of the script, and does not
support URIs.
"""

from __future__ import annotations

import os
import re
from typing import Any, List, Mapping, Optional, Tuple
from urllib.parse import parse_qs, unquote, urlsplit

#: Folders of the interpreter itself, which no other process can see.
OWN_FOLDERS = ("/lib/", "/dev/", "/proc/", "/sys/")

_LITERAL = r"'(?P<literal>(?:[^']|'')*)'"
_PARAMETER = r"(?P<parameter>\?\d*|[:@$]\w+)"
_NAMES_A_FILE = re.compile(
    rf"(?P<before>\b(?:ATTACH(?:\s+DATABASE)?|VACUUM(?:\s+\w+)?\s+INTO)\s+)(?:{_LITERAL}|{_PARAMETER})", re.IGNORECASE
)


def host_file(database: Any, uri: bool) -> Optional[Tuple[str, str]]:
    """Returns the host's path and the mode for a database name, or None for a database that no other process sees."""
    name, mode = os.fsdecode(database), ""
    if uri and name.startswith("file:"):
        parts = urlsplit(name)
        query = parse_qs(parts.query)
        mode = query.get("mode", [""])[-1]
        if query.get("immutable", ["0"])[-1] not in ("0", "no", "off", "false"):
            mode = "ro"
        name = unquote(parts.path)
    if mode == "memory" or name in ("", ":memory:"):
        return None
    path = os.path.abspath(name)
    return None if os.path.realpath(path).startswith(OWN_FOLDERS) else (path, mode)


def with_whole_paths(sql: str, parameters: Any = ()) -> Tuple[str, Any]:
    """Returns statements and their parameters with absolute paths for names of files."""
    found = _NAMES_A_FILE.search(sql)
    if found is None:
        return sql, parameters
    if found["parameter"] is not None:
        return sql, _with_whole_path(parameters, found["parameter"])

    def literal(match: re.Match[str]) -> str:
        if match["literal"] is None:
            return match[0]
        path = _whole_path(match["literal"].replace("''", "'")).replace("'", "''")
        return f"{match['before']}'{path}'"

    return _NAMES_A_FILE.sub(literal, sql), parameters


def _with_whole_path(parameters: Any, name: str) -> Any:
    if isinstance(parameters, Mapping):
        key = name[1:]
        return {**parameters, key: _whole_path(parameters[key])} if key in parameters else parameters
    given: List[Any] = list(parameters)
    index = int(name[1:]) - 1 if name[1:].isdigit() else 0
    if index < len(given):
        given[index] = _whole_path(given[index])
    return given


def _whole_path(name: Any) -> Any:
    if not isinstance(name, str) or name in ("", ":memory:"):
        return name
    file = host_file(name, uri=True)
    return ":memory:" if file is None else file[0]
