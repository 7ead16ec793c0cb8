"""``cloaca pip``: runs pip in the engine's Python, and installs packages that run there.

It installs pure wheels and wheels for Pyodide's ABI, with their dependencies, from the index that pip is configured
for, into ``.cloaca/packages`` of the project, where ``run`` and ``serve`` search. Everything else is that of pip: its
commands, options, configuration files and environment variables.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import List

from . import builds, pip_modules, pip_wheel, shared_libraries
from .distribution.lock import Lock, read_lock
from .distribution.mirror import Mirror, Refused, mirror_of
from .package_index import Unavailable
from .passed_over import PassedOver
from .reasons import reason
from .sources import Sources
from .staging import staging

TARGET = os.path.join(".cloaca", "packages")

#: Commands that change the installed packages.
_CHANGES = ("install", "uninstall")
_MISSING = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+)")


def main(words: List[str], lock_path: str, pyodide_version: str) -> int:
    """Runs pip with these arguments and returns its exit code."""
    target = os.path.abspath(TARGET)
    try:
        pip_modules.load(pip_wheel.pip_folder(), target)
    except PermissionError as error:
        print(
            f"cloaca: Cannot store pip in the cache folder: {error}. "
            "Set CLOACA_CACHE_DIR to a folder that you can write to.",
            file=sys.stderr,
        )
        return 1
    except (Unavailable, OSError) as error:
        print(f"cloaca: Cannot download pip: {error}", file=sys.stderr)
        return 1
    lock, mirror = read_lock(lock_path), mirror_of(pyodide_version, pip_wheel.cache_folder())
    sources = Sources(lock, mirror)
    passed_over = PassedOver(sources)
    sources.connect()
    passed_over.connect()
    builds.connect(target)
    missing = _MissingPackages()
    changes = _command(words) in _CHANGES and "--dry-run" not in words
    code = _change(words, target, lock, mirror) if changes else _run_pip(words)
    if code == 0 and sources.without_native_files:
        names = ", ".join(sources.without_native_files)
        print(f"cloaca: Installed from wheels for Linux, without their native files: {names}.", file=sys.stderr)
    if code != 0:
        for name in dict.fromkeys([*missing.names, *passed_over.missing]):
            is_built = lock.wheel(name) is not None and not mirror.is_reachable
            print(f"cloaca: {reason(name, mirror.address if is_built else None)}", file=sys.stderr)
        if changes:
            print("cloaca: Nothing was installed or removed.", file=sys.stderr)
    return code


def _change(words: List[str], target: str, lock: Lock, mirror: Mirror) -> int:
    """Runs a command that changes the packages. Either all of its changes are kept, or none."""
    try:
        with staging(target) as change:
            pip_modules.install_into(change.path, target)
            code = _run_pip(words)
            if code == 0:
                shared_libraries.install(change.path, lock, mirror)
                change.keep()
            return code
    except Refused as error:
        print(f"cloaca: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f'cloaca: Cannot change "{target}": {error}.', file=sys.stderr)
        return 1


def _run_pip(words: List[str]) -> int:
    sys.argv[0] = "cloaca pip"
    # Not like `python -m pip`, which forbids all imports after an installation.
    try:
        return int(pip_modules.pip_module("_internal.cli.main").main(words or ["--help"]))
    except SystemExit as stop:  # `--version`, and help
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)


def _command(words: List[str]) -> str:
    """Returns the command among the arguments, which can have options before it, or "" if there is none."""
    parser = pip_modules.pip_module("_internal.cli.main_parser").create_main_parser()
    try:
        return str(next(iter(parser.parse_args(words)[1]), ""))
    except SystemExit:
        return ""  # pip reports the same error itself


class _MissingPackages(logging.Handler):
    """Records the packages for which pip reports that it found nothing to install."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.names: List[str] = []
        logging.getLogger("pip").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        for name in _MISSING.findall(record.getMessage()):
            if name not in self.names:
                self.names.append(name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[3:], *sys.argv[1:3]))
