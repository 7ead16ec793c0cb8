"""Checks whether the requirements in the requirements file next to a script are installed.

``packaging`` parses the lines. Its wheel is in ``_vendor``, and is loaded under another name, because scripts import
their own version, or none. ``loading`` uses this module.
"""

from __future__ import annotations

import glob
import importlib
import importlib.metadata
import importlib.util
import os
import re
import sys
import types
from typing import Any, Dict, Iterator, Optional, Set

from ... import _package

FILE = "requirements.txt"

#: Maximum size of a requirements file.
_LONGEST_BYTES = 1 << 20
_DEEPEST = 10

_LIBRARY = "cloaca._vendored_packaging"
_INCLUDED = re.compile(r"(?:-r|--requirement)[ =]*(.+)")
_COMMENT = re.compile(r"(^|\s)#.*$")
#: Options after a requirement on its line, such as ``--hash=sha256:…``.
_OPTION = re.compile(r"\s--?[a-z].*$")


def unmet_beside(script: str) -> Optional[Dict[str, Any]]:
    """Returns the requirements file in a script's folder with its unmet requirements, or None if all are met."""
    file = os.path.join(os.path.dirname(os.path.abspath(script)), FILE)
    if not os.path.isfile(file):
        return None
    unmet = [text for line in _lines(file, set()) for text in _unmet(line)]
    return {"file": file, "unmet": unmet} if unmet else None


def _lines(file: str, seen: Set[str]) -> Iterator[str]:
    """Yields the requirements of a file and of the files that it includes, without comments and options."""
    path = os.path.realpath(file)
    if path in seen or len(seen) >= _DEEPEST:
        return
    seen.add(path)
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as stream:
            text = stream.read(_LONGEST_BYTES)
    except OSError:
        return  # pip reports why it cannot be read
    for line in text.replace("\\\n", " ").splitlines():
        line = _COMMENT.sub("", line).strip()
        included = _INCLUDED.fullmatch(line)
        if included is not None:
            yield from _lines(os.path.join(os.path.dirname(path), included[1].strip()), seen)
        elif line and not line.startswith("-"):
            yield _OPTION.sub("", line)


def _unmet(line: str) -> Iterator[str]:
    try:
        requirement = _requirements().Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate():
            return
        version = _installed(requirement.name)
        if version is None:
            yield f"{requirement.name}{requirement.specifier} is not installed"
        elif not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement.name}{requirement.specifier}, but {version} is installed"
    except ValueError:
        return  # a path, a URL or a mistake, which pip handles


def _installed(name: str) -> Optional[str]:
    for is_last in (False, True):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            if not is_last:
                importlib.util.find_spec(
                    _LIBRARY.replace(".", "_")
                )  # a failing search adds the package folders of the system's CPython
    return None


def _requirements() -> Any:
    if _LIBRARY not in sys.modules:
        package = types.ModuleType(_LIBRARY)
        wheels = glob.glob(os.path.join(_package.FOLDER, "_vendor", "packaging-*.whl"))
        package.__path__ = [os.path.join(wheel, "packaging") for wheel in wheels]
        sys.modules[_LIBRARY] = package
    return importlib.import_module(f"{_LIBRARY}.requirements")
