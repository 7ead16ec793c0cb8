"""Checks of database URLs that do not open the database."""

from __future__ import annotations

import os
import re
from typing import Optional
from urllib.parse import urlsplit

_LONGEST = 63
_RESERVED_SCHEMAS = frozenset({"public", "pg_catalog", "information_schema", "pg_temp"})
#: Reserved names of users. The last two are keywords where the server expects the name of a role.
_RESERVED_USERS = frozenset({"postgres", "public", "none"})

_ONLY = "must contain only alphanumeric characters and underscores"

_ALLOWED = re.compile(r"[A-Za-z0-9_]+\Z").match
#: Matches characters that no part of a URL may contain: blanks, and a "%" that encodes nothing.
_MALFORMED = re.compile(r"\s|%(?![0-9A-Fa-f]{2})").search
_begins_well = re.compile(r"[A-Za-z_]").match

_SUFFIXES = (".db", ".sqlite", ".sqlite3")


def from_current_folder(url: str) -> str:
    """Makes the path of a URL absolute, because the engine's process may run in another folder than the program.

    A URL without the path of a file is unchanged. The engine opens or rejects it.
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
    """Raises ``ValueError`` for the name of a schema that is not allowed."""
    if not _is_postgres(url):
        raise ValueError("Schema-based multi-tenancy requires PostgreSQL; with SQLite, use one file for each tenant")
    problem = schema_problem(schema) if _ALLOWED(schema) or not schema else f"schema name {_ONLY}: '{schema}'"
    if problem is not None:
        raise ValueError(problem[0].upper() + problem[1:])


def check_admin_url(url: str) -> None:
    """Raises ``RuntimeError``, whose message does not contain the URL, if the URL is not valid for `DatabaseAdmin`."""
    if not _is_postgres(url):
        raise RuntimeError("DatabaseAdmin requires a PostgreSQL connection: postgresql://USER:PASSWORD@HOST/DATABASE")
    if not _is_parsable(url):
        raise RuntimeError(
            "Invalid database URL: expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE. "
            "Percent-encode characters such as '/', '#', '?' and '%' in the user and the password"
        )
    if urlsplit(url).path in ("", "/"):
        raise RuntimeError("Database name is required in URL path")


def schema_problem(name: str) -> Optional[str]:
    """Returns the problem with the name of a schema, or None."""
    return _name_problem("schema name", name, name.lower() in _RESERVED_SCHEMAS)


def user_problem(name: str) -> Optional[str]:
    """Returns the problem with the name of a user, or None."""
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
        return f"{kind} must have at most {_LONGEST} characters, but has {len(name)}: '{name}'"
    return f"{kind} is reserved: '{name}'" if is_reserved else None


def _is_parsable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError for an invalid port
    except ValueError:
        return False
    return not parts.fragment and _MALFORMED(parts.netloc + parts.path) is None


def _is_postgres(url: str) -> bool:
    return url.lower().startswith(("postgres://", "postgresql://"))
