"""Configures pip to use the package folder of a project as its whole environment.

pip has no option for this that all of its commands accept (``--target`` replaces folders and does not support
``uninstall``). So two of its functions are replaced, in the version that ``pip_wheel`` names. Everything else uses
options of pip as environment variables, which options on the command line override.
"""

from __future__ import annotations

import functools
import importlib
import logging
import os
import sys
from typing import Any, Callable, Optional

from .staging import shown

#: Options that a user's settings do not override, because each would make pip use another folder. (According to pip's
#: documentation, the value "0" enables options that begin with "no-".)
_FIXED = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_NO_COMPILE": "0"}
#: Defaults of options that a user's settings override.
_DEFAULTS = {
    "PIP_ROOT_USER_ACTION": "ignore",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_WARN_SCRIPT_LOCATION": "0",
    # Source archives can need a compiler. The option --no-binary NAME builds one anyway.
    "PIP_ONLY_BINARY": ":all:",
}


def pip_module(name: str) -> Any:
    """Returns a module of pip, without types."""
    return importlib.import_module(f"pip.{name}")


def load(wheel: str, environment: str) -> None:
    """Makes pip importable, and sets the folder in which it finds installed packages to ``environment``."""
    os.environ.update(_FIXED)
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    _hide_other_packages(wheel)
    sys.dont_write_bytecode = False  # stores compiled code of pip in the cache folder: compiling takes two seconds
    set_environment(environment)


def set_environment(folder: str) -> None:
    """Sets the folder in which pip finds installed packages."""
    environments = pip_module("_internal.metadata.importlib").Environment

    def of_paths(cls: Any, paths: Any = None) -> Any:
        return cls([folder] if paths is None else paths)

    environments.default = environments.from_paths = classmethod(of_paths)


def install_into(folder: str, target: str) -> None:
    """Makes pip install into ``folder``, which represents ``target``, unless the user names another folder."""

    def in_folder(scheme_of: Any) -> Any:
        return functools.partial(_scheme, folder, scheme_of)

    replace(pip_module("_internal.locations._sysconfig"), "get_scheme", in_folder)
    set_environment(folder)

    class Record(logging.LogRecord):
        """Log record of pip, with the name of the real folder in its message."""

        def getMessage(self) -> str:
            return shown(super().getMessage(), target)

    logging.setLogRecordFactory(Record)


def _scheme(
    folder: str,
    scheme_of: Callable[..., Any],
    dist_name: str,
    user: bool = False,
    home: Optional[str] = None,
    root: Optional[str] = None,
    isolated: bool = False,
    prefix: Optional[str] = None,
) -> Any:
    """Returns where each part of a package goes. All parameters except ``folder`` and ``scheme_of`` are pip's."""
    if user or home or root or prefix:
        return scheme_of(dist_name, user=user, home=home, root=root, isolated=isolated, prefix=prefix)
    return pip_module("_internal.models.scheme").Scheme(
        purelib=folder,
        platlib=folder,
        data=folder,
        scripts=os.path.join(folder, "bin"),
        headers=os.path.join(folder, "include"),
    )


def _hide_other_packages(wheel: str) -> None:
    """Removes the packages of the system's CPython from the search path, because they are not installed here."""
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path[:] = [wheel, *[entry for entry in sys.path if entry.startswith("/lib/") or entry == own]]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not type(finder).__module__.startswith("cloaca.")]


def replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Replaces a function of pip. ``make`` receives pip's original function, even if it was replaced before."""
    kept = f"_cloaca_{name}"
    if kept not in vars(owner):
        setattr(owner, kept, vars(owner)[name])
    setattr(owner, name, make(vars(owner)[kept]))
