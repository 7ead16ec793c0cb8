"""What can be said about a database URL without opening it."""

from __future__ import annotations

import os
import re

_RESERVED = frozenset({"public", "pg_catalog", "information_schema", "pg_temp"})

_ALLOWED = re.compile(r"[A-Za-z0-9_]+\Z").match


_SUFFIXES = (".db", ".sqlite", ".sqlite3")


def from_current_folder(url: str) -> str:
    """The URL with its path made absolute: the engine's process need not be in the folder that the program changed to.

    What is no path of a file is left as it is, for the engine to open or to refuse.
    """
    for scheme in ("sqlite://", "file:"):
        if url.startswith(scheme):
            path, mark, query = url[len(scheme) :].partition("?")
            return scheme + _absolute(path) + mark + query
    is_path = url.startswith(("./", "../")) or (url.endswith(_SUFFIXES) and "://" not in url)
    return _absolute(url) if is_path else url


def _absolute(path: str) -> str:
    if not path or ":memory:" in path or path.startswith("/"):
        return path
    return os.path.join(os.getcwd(), path)


def check_supported(url: str) -> None:
    """Raises ``RuntimeError`` for a database that this build has no driver for."""
    if _is_postgres(url):
        raise RuntimeError(
            "Failed to create DefaultRunner: PostgreSQL is not available, this build has SQLite only. "
            "Use a URL such as sqlite://jobs.db"
        )


def check_schema(url: str, schema: str) -> None:
    """Raises ``ValueError`` for a schema that cannot exist."""
    if not _is_postgres(url):
        raise ValueError("Schema-based multi-tenancy requires PostgreSQL; on SQLite use one file for each tenant")
    if not schema:
        raise ValueError("Schema name cannot be empty")
    if not _ALLOWED(schema):
        raise ValueError("Schema name must contain only alphanumeric characters and underscores")
    if schema[0].isdigit():
        raise ValueError(f"Schema name must start with a letter or underscore: '{schema}'")
    if len(schema) > 63:
        raise ValueError(f"Schema name must have at most 63 characters, got {len(schema)}")
    if schema.lower() in _RESERVED:
        raise ValueError(f"Schema name is reserved: '{schema}'")


def _is_postgres(url: str) -> bool:
    return url.startswith(("postgres://", "postgresql://"))
