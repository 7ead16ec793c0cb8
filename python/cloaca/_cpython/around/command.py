"""Which command starts the engine: asked once, when a program first needs it. Starts nothing itself.

In this order: the command line in ``CLOACA_ENGINE``; the npm package in a ``node_modules`` of the script's folder or
one above it, then of the current folder or one above it; a ``cloaca`` on the PATH.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
from typing import Iterator, List, Optional

VARIABLE = "CLOACA_ENGINE"

#: Within a ``node_modules``.
_ENTRY = os.path.join("cloaca", "dist", "cli", "main.js")

NOT_FOUND = (
    "This needs the cloaca engine, which runs in Node 24 or newer, and it was not found. Install it beside the script "
    "with `npm install cloaca`, or for everybody with `npm install --global cloaca`, or name the command that starts "
    f"it in {VARIABLE}. Without a Python on the machine: npx cloaca run SCRIPT.py"
)

NOT_ON_WINDOWS = (
    "This needs the cloaca engine, and on Windows Python cannot start it: the lines between the two are sockets that a "
    "child process inherits. Run the script with: npx cloaca run SCRIPT.py"
)


def find() -> List[str]:
    """The words of the command, without its arguments.

    Raises:
        RuntimeError: There is none, or it cannot be read; says what to do.
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
        problem = f"{VARIABLE} cannot be read as a command line, with quotes as in a shell: {error}: {given}"
        raise RuntimeError(problem) from None


def _installed_entry() -> Optional[str]:
    for folder in _folders():
        entry = os.path.join(folder, "node_modules", _ENTRY)
        if os.path.isfile(entry):
            return entry
    return None


def _node_for(entry: str) -> str:
    """The Node that the project has by npm's package ``node``, as npm's scripts take it; else that of the PATH."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(entry)))
    for modules in (os.path.dirname(package), os.path.join(package, "node_modules")):
        pinned = shutil.which("node", path=os.path.join(modules, ".bin"))
        if pinned is not None:
            return pinned
    node = shutil.which("node")
    if node is None:
        raise RuntimeError(
            f"The cloaca engine in {package} runs in Node 24 or newer, and there is no `node` on the PATH. "
            f"Install Node from https://nodejs.org, or name the command that starts the engine in {VARIABLE}."
        )
    return node


def _folders() -> Iterator[str]:
    """The script's folder and those above it, then the current folder and those above that."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if isinstance(file, str):
        yield from _with_parents(os.path.dirname(os.path.abspath(file)))
    with contextlib.suppress(FileNotFoundError):  # it was removed
        yield from _with_parents(os.getcwd())


def _with_parents(folder: str) -> Iterator[str]:
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent
