"""Keeps the compiled code of the standard library and of installed packages, so that it is not compiled again.

Pyodide (314.0.7) has the sources of its standard library in a zip archive, and Python keeps compiled code only for
files. Without this module, each process compiles each module twice, because Python compiles a module of an archive just
to find its path. This takes 5 to 20 ms per module. Python also reads the directory of an archive again whenever caches
are invalidated, as at each start: 45 ms for 600 names. The archives of Pyodide and of this package never change. The
compiled code is stored where that of files is, below ``sys.pycache_prefix`` in the cache folder, and is identified by
the checksum of the source in the archive. ``PYTHONDONTWRITEBYTECODE`` is ignored here: under python, the installers
have already compiled the standard library and the packages. Can be deleted when the archive of Pyodide contains
compiled code.

Proved by ``python/tests/stdlib/test_compiled_modules.py``.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import io
import marshal
import os
import sys
import types
import zipimport
from contextlib import contextmanager
from typing import Any, Iterator, Optional, Tuple

from ... import _package

#: Flags of a compiled file that is identified by a digest. Only this module compares the digest.
_BY_DIGEST = 1

_compile: Any = zipimport.zipimporter.get_code
_find: Any = zipimport.zipimporter.get_filename
_forget: Any = zipimport.zipimporter.invalidate_caches

#: Archive of the standard library, and folder of this package's own archives.
_LIBRARY = next((entry for entry in sys.path if entry.endswith(".zip")), None)
_VENDOR = os.path.join(_package.FOLDER, "_vendor") + os.sep


def prepare() -> None:
    zipimport.zipimporter.get_code = _get_code  # type: ignore[method-assign]
    zipimport.zipimporter.get_filename = _get_filename  # type: ignore[method-assign]
    zipimport.zipimporter.invalidate_caches = _invalidate_caches  # type: ignore[method-assign]


@contextmanager
def kept() -> Iterator[None]:
    """Lets Python write compiled code in its block, whatever ``PYTHONDONTWRITEBYTECODE`` is."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = False
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _is_ours(archive: Any) -> bool:
    return archive.archive == _LIBRARY or str(archive.archive).startswith(_VENDOR)


def _invalidate_caches(self: Any) -> None:
    """Invalidate the cache of file data of the archive path."""
    if not _is_ours(self):
        _forget(self)


def _get_filename(self: Any, fullname: str) -> str:
    """Return the path of a module of the archive."""
    known = _source_of(self, fullname) if _is_ours(self) else None
    return _find(self, fullname) if known is None else known[0]  # type: ignore[no-any-return]


def _get_code(self: Any, fullname: str) -> types.CodeType:
    """Return the code object of a module of the archive."""
    known = _source_of(self, fullname) if _is_ours(self) and sys.pycache_prefix else None
    if known is None:
        return _compile(self, fullname)  # type: ignore[no-any-return]
    source, digest = known
    head = importlib.util.MAGIC_NUMBER + _BY_DIGEST.to_bytes(4, "little") + digest
    path = importlib.util.cache_from_source(source)
    code = _read(path, head)
    if code is None:
        code = _compile(self, fullname)
        # ``set_data`` creates the folder, writes a temporary file and renames it, and ignores errors.
        importlib.machinery.SourceFileLoader(fullname, source).set_data(path, head + marshal.dumps(code))
    return code


def _source_of(archive: Any, fullname: str) -> Optional[Tuple[str, bytes]]:
    """Returns the path of a module's source in the archive, and eight bytes that identify its content."""
    stem = archive.prefix + fullname.rpartition(".")[2]
    files = archive._get_files()
    for name in (f"{stem}/__init__.py", f"{stem}.py"):
        if name in files:
            entry = files[name]
            return entry[0], entry[7].to_bytes(4, "little") + entry[3].to_bytes(4, "little")
    return None


def _read(path: str, head: bytes) -> Optional[types.CodeType]:
    try:
        with io.open_code(path) as file:
            data = file.read()
        code = marshal.loads(memoryview(data)[len(head) :]) if data.startswith(head) else None
    except (OSError, EOFError, ValueError, TypeError):
        return None  # the file does not exist yet, or is damaged and will be replaced
    return code if isinstance(code, types.CodeType) else None
