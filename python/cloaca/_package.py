"""Tells the files of this package apart from the user's files, for example in tracebacks."""

from __future__ import annotations

import os

#: Folder of the package, with a final separator: the name of a neighbouring folder can begin with this one's.
FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def has_file(filename: str) -> bool:
    """Returns whether a file belongs to this package."""
    return filename.startswith(FOLDER)
