"""Command that starts the engine. It is searched once, when a program first needs it. Nothing is started here.

The first of these is used: the command line in ``CLOACA_ENGINE``; the npm package in a ``node_modules`` of the script's
folder or of a folder above it, then of the current folder or of a folder above it; a ``cloaca`` on the PATH.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
from typing import Iterator, List, Optional

VARIABLE = "CLOACA_ENGINE"

#: Path within a ``node_modules``.
_ENTRY = os.path.join("cloaca", "dist", "cli", "main.js")

NOT_FOUND = (
    "The cloaca engine was not found. Install it next to the script with "
    "`npm install cloaca`, or for all users with `npm install --global cloaca` (Node 24 or newer), or set "
    f"{VARIABLE} to the command that starts it. Without a Python installation, use: npx cloaca run SCRIPT.py"
)

NOT_ON_WINDOWS = (
    "Python cannot start the cloaca engine on Windows, because child processes cannot inherit sockets there. "
    "Run the script with: npx cloaca run SCRIPT.py"
)


def find() -> List[str]:
    """Returns the words of the command, without the arguments of the engine.

    Raises:
        RuntimeError: The command was not found, or is not valid. The message says what to do.
    """
    if sys.platform == "win32":
        raise RuntimeError(NOT_ON_WINDOWS)
    given = os.environ.get(VARIABLE, "")
    if given.strip():
        return _split(given)
    entry = _installed_entry()
    if entry is not None:
        return [_node_for(entry), entry]
    command = shutil.which("cloaca")
    if command is None:
        raise RuntimeError(NOT_FOUND)
    return [command]


def _split(given: str) -> List[str]:
    try:
        return shlex.split(given)
    except ValueError as error:
        problem = f'{VARIABLE} is not a valid shell command line ({error}): "{given}"'
        raise RuntimeError(problem) from None


def _installed_entry() -> Optional[str]:
    for folder in _folders():
        entry = os.path.join(folder, "node_modules", _ENTRY)
        if os.path.isfile(entry):
            return entry
    return None


def _node_for(entry: str) -> str:
    """Returns the Node of npm's package ``node`` in the project, as npm scripts use it, else the one on the PATH."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(entry)))
    for modules in (os.path.dirname(package), os.path.join(package, "node_modules")):
        pinned = shutil.which("node", path=os.path.join(modules, ".bin"))
        if pinned is not None:
            return pinned
    node = shutil.which("node")
    if node is None:
        raise RuntimeError(
            f'No `node` on the PATH. The cloaca engine in "{package}" needs Node 24 or newer. '
            f"Install Node from https://nodejs.org, or set {VARIABLE} to the command that starts the engine."
        )
    return node


def _folders() -> Iterator[str]:
    """Returns the script's folder and its parents, then the current folder and its parents."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if isinstance(file, str):
        yield from _with_parents(os.path.dirname(os.path.abspath(file)))
    with contextlib.suppress(FileNotFoundError):  # the folder was removed
        yield from _with_parents(os.getcwd())


def _with_parents(folder: str) -> Iterator[str]:
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent
