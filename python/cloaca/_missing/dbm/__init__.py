"""Simple databases that map bytes to bytes, in files. ``shelve`` stores its objects in one.

A module of the standard library that Pyodide (314.0.7) leaves out. It is used only in the engine, if no other module is
found. New files are SQLite files with the table of CPython 3.13 and newer. Files of the other libraries are recognized,
and rejected with the name of the library. Can be deleted when Pyodide includes the module.

Proved by ``python/tests/stdlib/test_dbm.py``.
"""

from __future__ import annotations

import importlib
import os
import struct
from typing import Any, Dict, Optional

__all__ = ["error", "open", "whichdb"]


class _Error(Exception):
    pass


_Error.__name__ = _Error.__qualname__ = "error"
_Error.__module__ = "dbm"

error = (_Error, OSError)

#: Names that CPython's own tests use: modules by preference, the module for new files, and the imported modules.
_names = ["dbm.sqlite3", "dbm.gnu", "dbm.ndbm", "dbm.dumb"]
_defaultmod: Any = None
_modules: Dict[str, Any] = {}

_SQLITE_MAGIC = b"SQLite format 3\0"
_GNU_MAGICS = (0x13579ACE, 0x13579ACD, 0x13579ACF)


def open(file: Any, flag: str = "r", mode: int = 0o666) -> Any:
    """Open or create the database at ``file``.

    ``flag``: "r" to read (default), "w" to also write, "c" to create it if it does not exist, "n" for an empty one.
    """
    kind = None if "n" in flag else whichdb(file)
    if kind is None:
        if "c" not in flag and "n" not in flag:
            raise _Error("db file doesn't exist; use 'c' or 'n' flag to create a new db")
        module = _module(_names[0]) if _defaultmod is None else _defaultmod
    elif kind == "":
        raise _Error("db type could not be determined")
    else:
        module = _module(kind)
    return module.open(file, flag, mode)


def _module(name: str) -> Any:
    if name not in _modules:
        try:
            _modules[name] = importlib.import_module(name)
        except ImportError:
            raise _Error(f"db type is {name}, but the module is not available") from None
    return _modules[name]


def whichdb(filename: Any) -> Optional[str]:
    """Guess which module can open the file. Returns its name, "" if there is none, or None if it cannot be read."""
    path = os.fsencode(filename)
    if os.path.exists(path + b".pag") and os.path.exists(path + b".dir"):
        return "dbm.ndbm"
    if os.path.exists(path + b".db"):
        return "dbm.ndbm"
    if os.path.exists(path + b".dat") and os.path.exists(path + b".dir"):
        return "dbm.dumb"
    try:
        with _open_file(path, "rb") as file:
            begin = file.read(16)
    except OSError:
        return None
    if begin == _SQLITE_MAGIC:
        return "dbm.sqlite3"
    if len(begin) >= 4 and struct.unpack("=l", begin[:4])[0] & 0xFFFFFFFF in _GNU_MAGICS:
        return "dbm.gnu"
    return ""


_open_file = __builtins__["open"] if isinstance(__builtins__, dict) else __builtins__.open
