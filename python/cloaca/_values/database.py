"""What can be said about a database URL without opening it."""

from __future__ import annotations

import os
import re
from typing import Optional
from urllib.parse import urlsplit

_LONGEST = 63
_RESERVED_SCHEMAS = frozenset({"public", "pg_catalog", "information_schema", "pg_temp"})
#: The last two stand for other things where the server takes a role's name.
_RESERVED_USERS = frozenset({"postgres", "public", "none"})

_ONLY = "must contain only alphanumeric characters and underscores"

_ALLOWED = re.compile(r"[A-Za-z0-9_]+\Z").match
#: What no part of a URL may have: blanks, and a "%" that encodes nothing.
_MALFORMED = re.compile(r"\s|%(?![0-9A-Fa-f]{2})").search
_begins_well = re.compile(r"[A-Za-z_]").match

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


def check_schema(url: str, schema: str) -> None:
    """Raises ``ValueError`` for a schema that cannot exist."""
    if not _is_postgres(url):
        raise ValueError("Schema-based multi-tenancy requires PostgreSQL; on SQLite use one file for each tenant")
    problem = schema_problem(schema) if _ALLOWED(schema) or not schema else f"schema name {_ONLY}: '{schema}'"
    if problem is not None:
        raise ValueError(problem[0].upper() + problem[1:])


def check_admin_url(url: str) -> None:
    """Raises ``RuntimeError``, without the URL in its words, where tenants cannot be administered with it."""
    if not _is_postgres(url):
        raise RuntimeError("DatabaseAdmin requires a PostgreSQL connection: postgresql://USER:PASSWORD@HOST/DATABASE")
    if not _is_parsable(url):
        raise RuntimeError(
            "Invalid database URL: it is not like postgresql://USER:PASSWORD@HOST:PORT/DATABASE, "
            "where characters such as '/', '#', '?' and '%' of user and password are percent-encoded"
        )
    if urlsplit(url).path in ("", "/"):
        raise RuntimeError("Database name is required in URL path")


def schema_problem(name: str) -> Optional[str]:
    """What is wrong with the name of a schema; None when nothing is."""
    return _name_problem("schema name", name, name.lower() in _RESERVED_SCHEMAS)


def user_problem(name: str) -> Optional[str]:
    """What is wrong with the name of a user; None when nothing is."""
    lower = name.lower()
    return _name_problem("username", name, lower in _RESERVED_USERS or lower.startswith("pg_"))


def _name_problem(kind: str, name: str, is_reserved: bool) -> Optional[str]:
    if not name:
        return f"{kind} cannot be empty"
    if not _begins_well(name):
        return f"{kind} must start with a letter or underscore: '{name}'"
    if not _ALLOWED(name):
        return f"{kind} {_ONLY}: '{name}'"
    if len(name) > _LONGEST:
        return f"{kind} must have at most {_LONGEST} characters, and has {len(name)}: '{name}'"
    return f"{kind} is reserved: '{name}'" if is_reserved else None


def _is_parsable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises what is no port
    except ValueError:
        return False
    return not parts.fragment and _MALFORMED(parts.netloc + parts.path) is None


def _is_postgres(url: str) -> bool:
    return url.lower().startswith(("postgres://", "postgresql://"))
