"""Which files are this package's: the one place that knows which frames are not the user's."""

from __future__ import annotations

import os

#: With its separator: a neighbour's name may begin with the package's.
FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def has_file(filename: str) -> bool:
    """Whether a file is of this package."""
    return filename.startswith(FOLDER)
