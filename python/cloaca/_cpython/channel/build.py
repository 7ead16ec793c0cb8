"""Digest of the package's code in this process, with which the engine detects a package of another version."""

from __future__ import annotations

import hashlib
import os
from typing import Iterator, Tuple

from ... import _package

#: Folders that only the engine's own Python uses, and that an installed package may lack.
_LEFT_OUT = frozenset({"_adapt", "_packages", "_missing"})
_DIGITS = 16


def package_digest(folder: str = _package.FOLDER) -> str:
    """Returns a digest of the paths and contents of all Python files. Twin of ``package-digest.ts`` of the engine."""
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
