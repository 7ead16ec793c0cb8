"""``zoneinfo``: the time zone database, for machines that have none, and the part that Pyodide leaves out.

``zoneinfo`` looks into the system's database, then for the package ``tzdata``, which Pyodide (seen in 314.0.7) does not
bring along. Its wheel lies in ``_vendor``, found last on the search path. ``zoneinfo._zoneinfo``, the implementation in
Python for where there is none in C, is not brought along either: the one in C stands in for it. Can go when Pyodide
brings both.

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
    """Finds ``zoneinfo._zoneinfo``, and makes it of a ``_zoneinfo`` of its own."""

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
        pkgutil.get_importer(wheel)  # reads what is in it, once for all processes
