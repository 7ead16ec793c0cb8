"""``pwd`` and ``grp``, and the user and group of the process.

Pyodide (seen in 314.0.7) has neither module, and reports user 0 as the owner of everything. The entries are read from
the host's files. Can be deleted when Pyodide has the modules.

Proved by ``python/tests/stdlib/test_pwd.py``.
"""

from __future__ import annotations

import os
import pathlib
import sys
import types
from typing import Any, Callable, Dict, List, NamedTuple, Tuple, TypeVar

from ..builtin import builtin


class struct_passwd(NamedTuple):  # the name that scripts see
    """Entry of a user."""

    pw_name: str
    pw_passwd: str
    pw_uid: int
    pw_gid: int
    pw_gecos: str
    pw_dir: str
    pw_shell: str


class struct_group(NamedTuple):  # the name that scripts see
    """Entry of a group."""

    gr_name: str
    gr_passwd: str
    gr_gid: int
    gr_mem: List[str]


def _lines(path: str, fields: int) -> List[List[str]]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            rows = [line.rstrip("\n").split(":") for line in file]
    except OSError:
        return []
    return [row for row in rows if len(row) == fields and row[2].isdigit()]


def users() -> List[struct_passwd]:
    """Return a list of all available password database entries, in arbitrary order."""
    return [struct_passwd(a, b, int(c), int(d), *rest) for a, b, c, d, *rest in _lines("/etc/passwd", 7)]


def groups() -> List[struct_group]:
    """Return a list of all available group entries, in arbitrary order."""
    return [
        struct_group(name, password, int(number), [each for each in members.split(",") if each])
        for name, password, number, members in _lines("/etc/group", 4)
    ]


def user_of(uid: int, /) -> struct_passwd:
    """Return the password database entry for the given numeric user ID."""
    return _find(users(), 2, uid, "getpwuid(): uid not found: {}")


def user_named(name: str, /) -> struct_passwd:
    """Return the password database entry for the given user name."""
    return _find(users(), 0, name, "getpwnam(): name not found: {!r}")


def group_of(gid: int, /) -> struct_group:
    """Return the group database entry for the given numeric group ID."""
    return _find(groups(), 2, gid, "getgrgid(): gid not found: {}")


def group_named(name: str, /) -> struct_group:
    """Return the group database entry for the given group name."""
    return _find(groups(), 0, name, "getgrnam(): name not found: {!r}")


_Entry = TypeVar("_Entry", struct_passwd, struct_group)


def _find(entries: List[_Entry], field: int, wanted: object, missing: str) -> _Entry:
    for entry in entries:
        if entry[field] == wanted:
            return entry
    raise KeyError(missing.format(wanted))


def prepare() -> None:
    functions: Dict[str, Tuple[type, Dict[str, Callable[..., Any]]]] = {
        "pwd": (struct_passwd, {"getpwall": users, "getpwuid": user_of, "getpwnam": user_named}),
        "grp": (struct_group, {"getgrall": groups, "getgrgid": group_of, "getgrnam": group_named}),
    }
    for name, (entry, contents) in functions.items():
        module = types.ModuleType(name)
        entry.__module__ = name
        setattr(module, entry.__name__, entry)
        for key, function in contents.items():
            setattr(module, key, builtin(function, name, key))
        sys.modules[name] = module
    # ``pathlib`` was imported before these modules existed.
    pathlib.Path.owner = _owner  # type: ignore[method-assign]
    pathlib.Path.group = _group  # type: ignore[method-assign]


def _owner(self: pathlib.Path, *, follow_symlinks: bool = True) -> str:
    """Return the login name of the file owner."""
    return user_of(self.stat(follow_symlinks=follow_symlinks).st_uid).pw_name


def _group(self: pathlib.Path, *, follow_symlinks: bool = True) -> str:
    """Return the group name of the file gid."""
    return group_of(self.stat(follow_symlinks=follow_symlinks).st_gid).gr_name


def install(settings: Dict[str, Any]) -> None:
    for name in ("uid", "gid", "euid", "egid"):
        number = settings[name]
        setattr(os, f"get{name}", lambda number=number: number)
    group_ids = settings["groups"]
    os.getgroups = lambda: list(group_ids)
