"""Which code of the package this process runs: an engine and a package that do not agree are of different versions."""

from __future__ import annotations

import hashlib
import os
from typing import Iterator, Tuple

from ... import _package

#: Folders that only the engine's own Python uses, and that a package on its own may lack.
_LEFT_OUT = frozenset({"_adapt", "_packages", "_missing"})
_DIGITS = 16


def package_digest(folder: str = _package.FOLDER) -> str:
    """Of all Python files of the package, by path and content. The twin of ``package-digest.ts`` of the engine."""
    digest = hashlib.sha256()
    for path, file in sorted(_files(folder)):
        with open(file, "rb") as source:
            digest.update(b"\0" + path.encode() + b"\0" + source.read())
    return digest.hexdigest()[:_DIGITS]


def _files(folder: str) -> Iterator[Tuple[str, str]]:
    for place, folders, names in os.walk(folder):
        if os.path.samefile(place, folder):
            folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in names:
            if name.endswith(".py"):
                file = os.path.join(place, name)
                yield os.path.relpath(file, folder).replace(os.sep, "/"), file
