"""``zoneinfo``: the time zone database for systems that have none, and the part that Pyodide leaves out.

``zoneinfo`` searches the system's database and then the package ``tzdata``, which Pyodide (seen in 314.0.7) does not
include. Its wheel is in ``_vendor``, which is searched last. Pyodide also lacks ``zoneinfo._zoneinfo``, the Python
implementation for systems without the C one. Here the C implementation is used in its place. Can be deleted when
Pyodide includes both.

Proved by ``python/tests/stdlib/test_zoneinfo.py``.
"""

from __future__ import annotations

import glob
import importlib.abc
import importlib.machinery
import os
import pkgutil
import sys
from typing import Any, Optional

_VENDOR = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "_vendor")


class _StandIn(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``zoneinfo._zoneinfo``, and creates it from a second instance of the C module."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Optional[importlib.machinery.ModuleSpec]:
        if name != "zoneinfo._zoneinfo":
            return None
        return importlib.machinery.ModuleSpec(name, self)

    def exec_module(self, module: Any) -> None:
        importer = importlib.machinery.BuiltinImporter
        spec = importlib.machinery.ModuleSpec("_zoneinfo", importer)  # type: ignore[arg-type]
        made = importer.create_module(spec)
        importer.exec_module(made)  # type: ignore[arg-type]
        module.ZoneInfo = made.ZoneInfo  # type: ignore[union-attr]


def prepare() -> None:
    sys.meta_path.append(_StandIn())
    for wheel in glob.glob(os.path.join(_VENDOR, "tzdata-*.whl")):
        sys.path.append(wheel)
        pkgutil.get_importer(wheel)  # reads its directory once for all processes
