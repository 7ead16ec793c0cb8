"""Pure-Python packages of the machine's own Python can be imported, as under ``python script.py``.

An interpreter in WebAssembly (Pyodide 314.0.7) has the standard library only. The first import that finds nothing asks
the host where ``python3`` keeps its packages, and they are searched from then on, after everything else. With an active
virtual environment its folders are on the path from the start, and nothing is asked. Packages with native code for the
machine do not load. Can go when scripts bring all their packages along.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from typing import Any, Optional, Sequence

from .. import _bridge


class _Finder(importlib.abc.MetaPathFinder):
    """Stands last among the finders, and removes itself when it was asked once."""

    def find_spec(
        self, name: str, path: Optional[Sequence[str]], target: Any = None
    ) -> Optional[importlib.machinery.ModuleSpec]:
        if path is not None or not _bridge.can_wait():
            return None
        sys.meta_path.remove(self)
        folders = [folder for folder in _bridge.call("host.packageFolders", {}) if folder not in sys.path]
        sys.path.extend(folders)
        return importlib.machinery.PathFinder.find_spec(name, folders)


def install() -> None:
    sys.meta_path.append(_Finder())
