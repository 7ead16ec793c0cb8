"""Lets scripts import pure-Python packages of the system's CPython, as under ``python script.py``.

An interpreter in WebAssembly (Pyodide 314.0.7) has only the standard library. The first import that finds nothing asks
the host for the package folders of ``python3``, which are then searched last. If a virtual environment is active, its
folders are on the path from the start, and the host is not asked. Packages with native code for the system do not load.
An installed package that fails because a feature of the platform is missing raises ``ImportError``, since libraries
with optional dependencies expect that. Can be deleted when scripts bring all their packages along.

Proved by ``python/tests/stdlib/test_installed_packages.py``.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from typing import Any, Callable, Optional, Sequence, TypeVar

from ..._border import bridge
from . import compiled_modules, native_modules, trio

#: Folders into which installers put packages.
_FOLDERS = ("/site-packages/", "/dist-packages/", "/.cloaca/packages/")
#: Errors of a module that needs a system call, a process, a platform or a version of Python that is missing.
_MISSING = (RuntimeError, AttributeError, OSError, SystemError, SyntaxError)
#: Name of a file whose frames are left out of tracebacks and ignored by ``warnings``.
_IMPORT_SYSTEM = "<frozen importlib._bootstrap_external>"

_Method = TypeVar("_Method", bound=Callable[..., Any])


def _of_import_system(method: _Method) -> _Method:
    """Makes CPython treat the method as part of its own import system."""
    method.__code__ = method.__code__.replace(co_filename=_IMPORT_SYSTEM)  # type: ignore[attr-defined]
    return method


class _ModuleLoader(importlib.machinery.SourceFileLoader):
    """Loads a module of an installed package, and keeps its compiled code."""

    @_of_import_system
    def get_code(self, fullname: str) -> Optional[types.CodeType]:
        with compiled_modules.kept():
            return super().get_code(fullname)

    @_of_import_system
    def exec_module(self, module: types.ModuleType) -> None:
        super().exec_module(module)
        trio.complete(module)


class _PackageLoader(_ModuleLoader):
    """Loads a top-level module, and raises ``ImportError`` if it fails because a feature of the platform is missing."""

    @_of_import_system
    def exec_module(self, module: types.ModuleType) -> None:
        try:
            super().exec_module(module)
        except _MISSING as error:
            words = f'"{self.name}" cannot be imported in the cloaca engine ({type(error).__name__}: {error})'
            raise ImportError(words, name=self.name, path=self.path) from error


class _PathFinder(importlib.machinery.PathFinder):
    """Searches the path, and gives modules of installed packages their own loader."""

    @classmethod
    @_of_import_system
    def find_spec(
        cls, fullname: str, path: Optional[Sequence[str]] = None, target: Any = None
    ) -> Optional[importlib.machinery.ModuleSpec]:
        spec = super().find_spec(fullname, path, target)
        if spec is not None:
            spec = native_modules.usable(spec)
        if spec is not None and type(spec.loader) is importlib.machinery.SourceFileLoader:
            if any(folder in spec.loader.path for folder in _FOLDERS):
                loader = _PackageLoader if path is None else _ModuleLoader
                spec.loader = loader(spec.loader.name, spec.loader.path)
        return spec


class _Finder(importlib.abc.MetaPathFinder):
    """Last finder of modules. It removes itself after its first search."""

    def find_spec(
        self, name: str, path: Optional[Sequence[str]], target: Any = None
    ) -> Optional[importlib.machinery.ModuleSpec]:
        if path is not None or not bridge.can_wait():
            return None
        sys.meta_path.remove(self)
        sys.path.extend(folder for folder in bridge.call("host.packageFolders", {}) if folder not in sys.path)
        return _PathFinder.find_spec(name)


def install() -> None:
    place = sys.meta_path.index(importlib.machinery.PathFinder)
    sys.meta_path[place] = _PathFinder
    sys.meta_path.append(_Finder())
