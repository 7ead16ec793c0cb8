"""What to do when an import fails for want of a package: said below the traceback that nobody has caught.

Not when it is raised: most imports that fail are only tried. Used by whatever reports errors of scripts.
"""

from __future__ import annotations

import ast
import os
import sys
import traceback
from typing import Any, Iterator, List, Optional, Sequence

from .distributions import distribution_of

#: How a script is run by another Python.
_OTHER_PYTHON = "--python python3"

#: The package of scripts, which a misspelt import means.
_OWN_NAME = "cloaca"

_NATIVE_SUFFIXES = (".so", ".pyd", ".dylib")

#: Modules that have left the standard library, by the version since which they are gone.
_GONE = {
    "3.12": "asynchat asyncore distutils imp smtpd",
    "3.13": """
        aifc audioop cgi cgitb chunk crypt imghdr mailcap msilib nis nntplib ossaudiodev pipes sndhdr spwd sunau
        telnetlib uu xdrlib
    """,
}
_REMOVED = {module: version for version, modules in _GONE.items() for module in modules.split()}


#: In a process of CPython packages are a matter of its own pip.
is_wanted = True


def attach(error: Any) -> None:
    """Adds to an exception that is about to be reported, as a note, which package to install. Never fails."""
    try:
        text = advice_on(error)
        if text is not None and text not in getattr(error, "__notes__", ()):
            error.add_note(text)
    except Exception:
        return  # a class of exceptions of the user's that takes no notes: it is reported as it is


def advice_on(error: BaseException) -> Optional[str]:
    """Which package to install, in a sentence; None where the exception does not come from a failed import."""
    for each in _chain(error) if is_wanted else ():
        if isinstance(each, ImportError) and isinstance(each.name, str) and each.name:
            foreign = _foreign_file(each)
            if foreign is not None:
                return _of_foreign(each.name, foreign)
            if isinstance(each, ModuleNotFoundError):
                return _of_missing(each)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, and those that led to it."""
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
        instead = "" if distribution is None else f" Install what took its place: cloaca pip install {distribution}"
        return f'"{top}" left the standard library with Python {removed}.{instead}'
    if top in getattr(sys, "stdlib_module_names", ()):  # since Python 3.10
        return (
            f'"{name}" belongs to the standard library, but not to the part of it that the engine\'s Python has. '
            f"A Python of the machine may have it: {_OTHER_PYTHON}"
        )
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    if _is_misspelt(top):
        return f"Did you mean {_OWN_NAME!r}?"
    wanted = next((full for full in _imported_names(error) if f"{full}.".startswith(f"{name}.")), name)
    distribution = distribution_of(wanted)
    if _is_complete_package(name):
        return None  # it is there, and has no such module
    from ..._packages.replacements import instead_of  # of pip's, which few need

    in_place = instead_of(distribution or top)
    if in_place is not None:
        return (
            f"Install it: cloaca pip install {distribution or top}. Its native code may have no build for the engine's "
            f"Python, in WebAssembly: then use {in_place}, or a Python of the machine that has it: {_OTHER_PYTHON}"
        )
    if distribution is not None:
        return f"Install it: cloaca pip install {distribution}"
    return f"If it is a package of the index, install it: cloaca pip install {top}" if "." not in name else None


def _is_misspelt(name: str) -> bool:
    """Whether a name is close to this package's own, and it is not that name itself."""
    import difflib

    return bool(difflib.get_close_matches(name, [_OWN_NAME], 1, 0.82)) and name != _OWN_NAME


def _is_complete_package(name: str) -> bool:
    """Whether the package of a missing module is there and no mere namespace, which others may add to."""
    parent = name.rpartition(".")[0]
    while parent and parent not in sys.modules:
        parent = parent.rpartition(".")[0]
    return bool(parent) and getattr(sys.modules[parent], "__file__", None) is not None


def _imported_names(error: BaseException) -> List[str]:
    """What the statement imports that failed: of ``from google.cloud import storage``, ``google.cloud.storage``."""
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
        f'"{name}" is native code for another machine, which the engine\'s Python, in WebAssembly, cannot run: {file}. '
        f"Run the script under the Python that it was built for ({_OTHER_PYTHON}), or install a build for the engine: "
        f"cloaca pip install {distribution}"
    )


def _foreign_file(error: ImportError) -> Optional[str]:
    """The file of a module that is not found because it was compiled for the machine."""
    name = error.name or ""
    missing = getattr(error, "name_from", None)  # of ``from package import _native``
    parent, _, stem = name.rpartition(".")
    found = _native_file(_places_of(parent), stem)
    return found if found or missing is None else _native_file(_places_of(name), missing)


def _places_of(package: str) -> Sequence[str]:
    """The folders of a package, or those of one that is none any more because its import has failed."""
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
