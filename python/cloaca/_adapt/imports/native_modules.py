"""Native modules of another machine are not there, as those are whose names say so.

A virtual environment that the machine's Python fills holds modules in the machine's code. Where a name does not tell
(``_x.abi3.so``, ``_x.so``), Pyodide (314.0.7) takes them for its own and fails with "need to see wasm magic number",
also in packages that have the same module in Python beside it. Can go when it looks at them before.

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
    """The same, or the one of the module in Python beside it, or None."""
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
        return True  # who loads it will say why it cannot be read
