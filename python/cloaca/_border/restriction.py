"""Removes JavaScript, and the functions that call it, from the scripts of a restricted interpreter.

Scripts can then not import them. The modules that cloaca itself needs are already imported. This is not the only
protection: a script that searches for them can find the functions of the host behind any function of cloaca. Those
functions accept only listed calls (``src/interpreter/restriction/border-functions.ts``), the objects lead to nothing
else (``python-objects.ts`` in the same folder), and Node denies everything that was not granted.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
import types
from typing import Any

#: Modules of JavaScript's global object, and of Pyodide's.
_MODULES = ("js", "pyodide_js")
#: Functions that run JavaScript, or make Python objects available to it.
_FUNCTIONS = ("run_js", "register_js_module", "unregister_js_module")


def take_javascript_away() -> None:
    """Removes the modules that are JavaScript objects, and the finders that could import them again."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not _is_of_javascript(finder)]
    for name, module in list(sys.modules.items()):
        package = name.partition(".")[0]
        if package in _MODULES:
            del sys.modules[name]
        elif package in ("pyodide", "_pyodide"):
            for attribute in (*_MODULES, *_FUNCTIONS):
                vars(module).pop(attribute, None)
    # Otherwise an import by name would load them again from the standard library.
    for name in ("pyodide._run_js", "pyodide.code", "pyodide.http"):
        sys.modules[name] = None  # type: ignore[assignment]


def take_border_away() -> None:
    """Leaves scripts the public names of cloaca, without the private modules, which contain the host's functions."""
    importlib.import_module("cloaca.testing")  # scripts may import it, and it needs the private modules
    hidden = [name for name in sys.modules if name.startswith(("cloaca._", "cloaca.testing._"))]
    for package in ("cloaca", "cloaca.testing"):
        attributes = vars(sys.modules[package])
        for name, value in list(attributes.items()):
            if isinstance(value, types.ModuleType) and value.__name__ in hidden:
                del attributes[name]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]


def take_native_code_away() -> None:
    """Makes an import of ``ctypes`` fail with a message that names the option.

    The host has removed the module, which no script can undo.
    """
    sys.meta_path.insert(0, _NoNativeCode())


class _NoNativeCode:
    """Finder that rejects ``ctypes``. Packages that import it but seldom use it get an empty module."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "ctypes" and name != "_ctypes":
            return None
        if name == "ctypes" and _importing_package() in _SELDOM_USERS:
            return importlib.machinery.ModuleSpec(name, self)  # type: ignore[arg-type]
        raise ModuleNotFoundError(f'"{name}" needs --allow-ffi because this script is restricted', name=name)

    def create_module(self, spec: Any) -> Any:
        return None

    def exec_module(self, module: Any) -> None:
        def missing(name: str) -> Any:
            raise ImportError(f'"ctypes.{name}" needs --allow-ffi because this script is restricted', name="ctypes")

        module.__getattr__ = missing


#: Packages that need ``ctypes`` for their import, but work without its functions (seen in pandas 3.1).
_SELDOM_USERS = ("pandas",)


def _importing_package() -> str:
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return "" if frame is None else str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _is_of_javascript(finder: Any) -> bool:
    found = getattr(finder, "jsproxies", None)
    if found is None:
        return False
    found.clear()
    return True
