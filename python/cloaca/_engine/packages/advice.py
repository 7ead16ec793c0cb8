"""Advice for an import that fails because a package is missing.

It is shown below the traceback of an uncaught exception.

It is not computed when the exception is raised, since most failing imports are optional. All code that reports errors
of scripts uses it.
"""

from __future__ import annotations

import ast
import os
import sys
import traceback
from typing import Any, Iterator, List, Optional, Sequence

from .distributions import distribution_of

#: Option that runs a script with another Python.
_OTHER_PYTHON = "--python python3"

#: Name of this package, for advice on misspelt imports.
_OWN_NAME = "cloaca"

_NATIVE_SUFFIXES = (".so", ".pyd", ".dylib")

#: Modules that were removed from the standard library, by the version that removed them.
_GONE = {
    "3.12": "asynchat asyncore distutils imp smtpd",
    "3.13": """
        aifc audioop cgi cgitb chunk crypt imghdr mailcap msilib nis nntplib ossaudiodev pipes sndhdr spwd sunau
        telnetlib uu xdrlib
    """,
}
_REMOVED = {module: version for version, modules in _GONE.items() for module in modules.split()}


#: False in a process of CPython, where packages are installed with its own pip.
is_wanted = True


def attach(error: Any) -> None:
    """Adds a note to an exception that is about to be reported, with the package to install. It never fails."""
    try:
        text = advice_on(error)
        if text is not None and text not in getattr(error, "__notes__", ()):
            error.add_note(text)
    except Exception:
        return  # a user's exception class that accepts no notes is reported unchanged


def advice_on(error: BaseException) -> Optional[str]:
    """Returns a sentence with the package to install, or None if the exception is not due to a failed import."""
    for each in _chain(error) if is_wanted else ():
        if isinstance(each, ImportError) and isinstance(each.name, str) and each.name:
            foreign = _foreign_file(each)
            if foreign is not None:
                return _of_foreign(each.name, foreign)
            if isinstance(each, ModuleNotFoundError):
                return _of_missing(each)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yields the exception and its causes."""
    seen: List[int] = []
    each: Optional[BaseException] = error
    while each is not None and id(each) not in seen:
        yield each
        seen.append(id(each))
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _of_missing(error: ModuleNotFoundError) -> Optional[str]:
    name = error.name or ""
    top = name.partition(".")[0]
    removed = _REMOVED.get(top)
    if removed is not None:
        distribution = distribution_of(top)
        instead = "" if distribution is None else f" Install its replacement: cloaca pip install {distribution}"
        return f'"{top}" was removed from the standard library in Python {removed}.{instead}'
    if top in getattr(sys, "stdlib_module_names", ()):  # since Python 3.10
        return (
            f'"{name}" is part of the standard library, but the engine\'s Python does not have it. '
            f"The system's CPython may have it: {_OTHER_PYTHON}"
        )
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    if _is_misspelt(top):
        return f"Did you mean {_OWN_NAME!r}?"
    wanted = next((full for full in _imported_names(error) if f"{full}.".startswith(f"{name}.")), name)
    distribution = distribution_of(wanted)
    if _is_complete_package(name):
        return None  # the package is installed, but has no such module
    from ..._packages.replacements import instead_of  # imported here, because few scripts need it

    in_place = instead_of(distribution or top)
    if in_place is not None:
        return (
            f"Install it: cloaca pip install {distribution or top}. If it has no build for the engine's Python "
            f"(WebAssembly), use {in_place}, or the system's CPython: {_OTHER_PYTHON}"
        )
    if distribution is not None:
        return f"Install it: cloaca pip install {distribution}"
    return f"If it is a package on PyPI, install it: cloaca pip install {top}" if "." not in name else None


def _is_misspelt(name: str) -> bool:
    """Returns whether a name is similar to the name of this package, but differs from it."""
    import difflib

    return bool(difflib.get_close_matches(name, [_OWN_NAME], 1, 0.82)) and name != _OWN_NAME


def _is_complete_package(name: str) -> bool:
    """Returns whether the package of a missing module is installed, and not a namespace that other packages extend."""
    parent = name.rpartition(".")[0]
    while parent and parent not in sys.modules:
        parent = parent.rpartition(".")[0]
    return bool(parent) and getattr(sys.modules[parent], "__file__", None) is not None


def _imported_names(error: BaseException) -> List[str]:
    """Returns the names in the failed import statement, such as ``google.cloud`` for ``import google.cloud``."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<frozen")]
    if not frames or frames[-1].lineno is None:
        return []
    try:
        with open(frames[-1].filename, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, ValueError, SyntaxError):
        return []
    names: List[str] = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)) and node.lineno <= frames[-1].lineno <= (
            node.end_lineno or 0
        ):
            prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) and node.module else ""
            names += [f"{prefix}{alias.name}" for alias in node.names]
    return names


def _of_foreign(name: str, file: str) -> str:
    top = name.partition(".")[0].lstrip("_")
    distribution = distribution_of(name.lstrip("_")) or top
    return (
        f'"{name}" is native code for another platform, which the engine\'s Python (WebAssembly) cannot run: {file}. '
        f"Run the script with the Python that it was built for ({_OTHER_PYTHON}), or install a build for the engine: "
        f"cloaca pip install {distribution}"
    )


def _foreign_file(error: ImportError) -> Optional[str]:
    """Returns the file of a module that is not found because it was compiled for another platform."""
    name = error.name or ""
    missing = getattr(error, "name_from", None)  # set by ``from package import _native``
    parent, _, stem = name.rpartition(".")
    found = _native_file(_places_of(parent), stem)
    return found if found or missing is None else _native_file(_places_of(name), missing)


def _places_of(package: str) -> Sequence[str]:
    """Returns the folders of a package. If its import has failed, they are derived from the search path."""
    if not package:
        return sys.path
    known = getattr(sys.modules.get(package), "__path__", None)
    return list(known) if known else [os.path.join(entry, *package.split(".")) for entry in sys.path]


def _native_file(folders: Sequence[str], stem: str) -> Optional[str]:
    for folder in folders:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for file in names:
            if file.startswith(f"{stem}.") and file.endswith(_NATIVE_SUFFIXES) and "wasm32" not in file:
                return os.path.join(folder, file)
    return None
