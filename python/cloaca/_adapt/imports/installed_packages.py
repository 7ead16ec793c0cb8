"""Pure-Python packages of the machine's own Python can be imported, as under ``python script.py``.

An interpreter in WebAssembly (Pyodide 314.0.7) has the standard library only. The first import that finds nothing asks
the host where ``python3`` keeps its packages, and they are searched from then on, after everything else. With an active
virtual environment its folders are on the path from the start, and nothing is asked. Packages with native code for the
machine do not load, and an installed package that stumbles over what does not exist here is no import: libraries that
try one and go on without it expect ``ImportError``. Can go when scripts bring all their
packages along.

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

#: Folders in which installers put packages.
_FOLDERS = ("/site-packages/", "/dist-packages/", "/.cloaca/packages/")
#: What a module raises that needs a system call, a process, a platform or another Python than there is.
_MISSING = (RuntimeError, AttributeError, OSError, SystemError, SyntaxError)
#: Frames of this file are left out of tracebacks, and passed over by ``warnings``.
_IMPORT_SYSTEM = "<frozen importlib._bootstrap_external>"

_Method = TypeVar("_Method", bound=Callable[..., Any])


def _of_import_system(method: _Method) -> _Method:
    """Has CPython take the method for one of its own loaders'."""
    method.__code__ = method.__code__.replace(co_filename=_IMPORT_SYSTEM)  # type: ignore[attr-defined]
    return method


class _ModuleLoader(importlib.machinery.SourceFileLoader):
    """Loads a module that an installer put there, and keeps its compiled code."""

    @_of_import_system
    def get_code(self, fullname: str) -> Optional[types.CodeType]:
        with compiled_modules.kept():
            return super().get_code(fullname)

    @_of_import_system
    def exec_module(self, module: types.ModuleType) -> None:
        super().exec_module(module)
        trio.complete(module)


class _PackageLoader(_ModuleLoader):
    """Loads one that is imported by its first name; what fails for want of the platform fails as ``ImportError``."""

    @_of_import_system
    def exec_module(self, module: types.ModuleType) -> None:
        try:
            super().exec_module(module)
        except _MISSING as error:
            words = f"{self.name} cannot be imported in the cloaca engine ({type(error).__name__}: {error})"
            raise ImportError(words, name=self.name, path=self.path) from error


class _PathFinder(importlib.machinery.PathFinder):
    """The search of the path, which gives installed packages a loader of their own."""

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
    """Stands last among the finders, and removes itself when it was asked once."""

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
