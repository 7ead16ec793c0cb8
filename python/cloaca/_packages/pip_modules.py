"""pip, told where packages are: the folder of a project is its whole environment.

pip has no option for that which all of its commands take (``--target`` replaces folders and knows no ``uninstall``), so
two of its functions are replaced, in the version that ``pip_wheel`` names. Everything else is options of pip, given
as environment variables, which what the user says on the command line overrides.
"""

from __future__ import annotations

import functools
import importlib
import logging
import os
import sys
from typing import Any, Callable, Optional

from .staging import shown

#: What a user's own settings do not override: each would have pip look elsewhere. (With "0", options that begin with
#: "no-" are in force: pip's documentation says so.)
_FIXED = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_NO_COMPILE": "0"}
#: What they do.
_DEFAULTS = {
    "PIP_ROOT_USER_ACTION": "ignore",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_WARN_SCRIPT_LOCATION": "0",
    # What is published as source only may need a compiler: --no-binary NAME has it built all the same.
    "PIP_ONLY_BINARY": ":all:",
}


def pip_module(name: str) -> Any:
    """A module of pip: nothing knows their types here."""
    return importlib.import_module(f"pip.{name}")


def load(wheel: str, environment: str) -> None:
    """Makes pip importable, and ``environment`` the folder in which it finds installed packages."""
    os.environ.update(_FIXED)
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    _hide_other_packages(wheel)
    sys.dont_write_bytecode = False  # of pip, in the cache folder: compiling it takes two seconds
    set_environment(environment)


def set_environment(folder: str) -> None:
    """Where pip finds what is installed."""
    environments = pip_module("_internal.metadata.importlib").Environment

    def of_paths(cls: Any, paths: Any = None) -> Any:
        return cls([folder] if paths is None else paths)

    environments.default = environments.from_paths = classmethod(of_paths)


def install_into(folder: str, target: str) -> None:
    """Has pip install into ``folder``, which stands for ``target``, unless the user names another place."""

    def in_folder(scheme_of: Any) -> Any:
        return functools.partial(_scheme, folder, scheme_of)

    replace(pip_module("_internal.locations._sysconfig"), "get_scheme", in_folder)
    set_environment(folder)

    class Record(logging.LogRecord):
        """What pip says, with the folder's own name."""

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
    """Where each part of a package goes; all but ``folder`` and ``scheme_of`` is pip's."""
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
    """What the machine's own Python has installed is not what is installed here."""
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path[:] = [wheel, *[entry for entry in sys.path if entry.startswith("/lib/") or entry == own]]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not type(finder).__module__.startswith("cloaca.")]


def replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Replaces a function of pip: ``make`` is given pip's own, also when it was replaced before."""
    kept = f"_cloaca_{name}"
    if kept not in vars(owner):
        setattr(owner, kept, vars(owner)[name])
    setattr(owner, name, make(vars(owner)[kept]))
