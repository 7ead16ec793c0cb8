"""Ignores native modules for another platform, even if their names do not contain the platform.

A virtual environment of the system's CPython contains native modules for the system. If the name does not show the
platform (``_x.abi3.so``, ``_x.so``), Pyodide (314.0.7) tries to load the module and fails with "need to see wasm magic
number", even in packages that have the same module in Python next to it. Can be deleted when Pyodide checks such files
before it loads them.

Proved by ``python/tests/stdlib/test_installed_packages.py``.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import io
import os
from typing import Optional

_WEBASSEMBLY = b"\0asm"


def usable(spec: importlib.machinery.ModuleSpec) -> Optional[importlib.machinery.ModuleSpec]:
    """Returns the spec if its module can be loaded, else that of the Python module next to it, or None."""
    if not isinstance(spec.loader, importlib.machinery.ExtensionFileLoader) or _is_ours(spec.loader.path):
        return spec
    folder, file = os.path.split(spec.loader.path)
    source = os.path.join(folder, f"{file.partition('.')[0]}.py")
    return importlib.util.spec_from_file_location(spec.name, source) if os.path.isfile(source) else None


def _is_ours(path: str) -> bool:
    try:
        with io.open_code(path) as file:
            return file.read(len(_WEBASSEMBLY)) == _WEBASSEMBLY
    except OSError:
        return True  # the loader reports why it cannot be read
