"""Builds packages from folders and source archives, as for ``-e``: their build backends run in this interpreter.

pip starts a Python process for each step of a build, with the packages of the build in its path by means of a
``sitecustomize`` module. Here the step runs in this process with the same path, and its changes are undone, because
another interpreter for each of the three steps would take longer than the build. Backends in pure Python work
(setuptools, hatchling, flit, poetry). There is no compiler. ``command`` uses this module.
"""

from __future__ import annotations

import contextlib
import glob
import importlib
import io
import logging
import os
import runpy
import site
import sys
from typing import Any, Dict, Iterator, List, Mapping, Optional

from .pip_modules import pip_module, replace


def connect(packages: str) -> None:
    """Makes pip build in this interpreter. ``packages`` is the folder for builds that are not isolated."""
    os.environ.setdefault("PIP_USE_FEATURE", "inprocess-build-deps")

    def make(original: Any) -> Any:
        def call_hook(caller: Any, hook_name: str, kwargs: Mapping[str, Any]) -> Any:
            with caller.subprocess_runner(_Runner(packages)):
                return original(caller, hook_name, kwargs)

        return call_hook

    replace(pip_module("_vendor.pyproject_hooks._impl").BuildBackendHookCaller, "_call_hook", make)


class _Runner:
    """Runs a script with arguments that pip would run in another Python process."""

    def __init__(self, packages: str) -> None:
        self._packages = packages

    def __call__(
        self, command: List[str], cwd: Optional[str] = None, extra_environ: Optional[Mapping[str, str]] = None
    ) -> None:
        output = io.StringIO()
        try:
            with _as_process(command[1:], cwd, dict(extra_environ or {}), output):
                for folder in self._folders():
                    site.addsitedir(folder)
                runpy.run_path(command[1], run_name="__main__")
        except SystemExit as stop:
            if stop.code not in (None, 0):
                raise self._failure(command[2], f"exit code {stop.code}", output) from None
        except Exception as error:
            raise self._failure(command[2], f"{type(error).__name__}: {error}", output) from error

    def _folders(self) -> List[str]:
        """Returns the folders with the packages of the build. They are next to pip's ``sitecustomize``."""
        place = os.environ.get("PYTHONPATH", "")
        if os.path.exists(os.path.join(place, "sitecustomize.py")):
            return glob.glob(os.path.join(os.path.dirname(place), "*", "lib", "python*", "site-packages"))
        return [self._packages]

    def _failure(self, step: str, why: str, output: io.StringIO) -> Exception:
        said = output.getvalue().strip()
        return pip_module("_internal.exceptions").InstallationError(  # type: ignore[no-any-return]
            f"Building a package from its source failed in {step}: {why}" + (f"\n{said}" if said else "")
        )


@contextlib.contextmanager
def _as_process(
    arguments: List[str], cwd: Optional[str], environ: Dict[str, str], output: io.StringIO
) -> Iterator[None]:
    """Gives a block its own arguments, folder and environment, and undoes its imports and changes afterwards."""
    before = {"path": sys.path[:], "argv": sys.argv[:], "meta_path": sys.meta_path[:], "path_hooks": sys.path_hooks[:]}
    modules, place, variables = {*sys.modules}, os.getcwd(), dict(os.environ)
    handlers, level = logging.root.handlers[:], logging.root.level
    own = os.path.dirname(os.path.dirname(str(pip_module("__main__").__file__)))
    try:
        sys.argv[:] = arguments
        sys.path[:] = [entry for entry in sys.path if entry != own]
        os.environ.update(environ)
        os.chdir(cwd or place)
        logging.root.handlers[:] = [logging.StreamHandler(output)]
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            yield
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ.update(variables)
        for name, value in before.items():
            getattr(sys, name)[:] = value
        library = os.path.dirname(os.__file__)
        for name in {*sys.modules} - modules:
            if not str(getattr(sys.modules[name], "__file__", None) or library).startswith(library):
                del sys.modules[name]
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
        importlib.invalidate_caches()
