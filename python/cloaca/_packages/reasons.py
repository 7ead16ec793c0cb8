"""Why a package cannot be installed here, and what to do. Used by ``command``."""

from __future__ import annotations

import sys
from typing import List, Optional

from . import package_index
from .package_index import Unavailable
from .replacements import instead_of

PLATFORM = "pyemscripten_2026_0_wasm32"


def reason(name: str, unreachable_mirror: Optional[str] = None) -> str:
    """Returns one line about a package that pip has not found, or not in a version that is asked for.

    ``unreachable_mirror`` is the address of Pyodide's builds, if they include the package and cannot be reached.
    """
    try:
        files = [file for file, _ in package_index.files_of(name)]
    except Unavailable as error:
        return f'there is no package "{name}" to install: {error} Check its name and the index.'
    wheels = sorted({file[:-4].rpartition("-")[2] for file in files if file.endswith(".whl")})
    if any(_runs_here(file) for file in files):
        return f'"{name}" has wheels that run here, but not in the version that is asked for. Ask for another version.'
    if unreachable_mirror is not None:
        return (
            f'"{name}" was not installed: Pyodide\'s build of it is at {unreachable_mirror}, which cannot be reached. '
            "Set CLOACA_PYODIDE_MIRROR to a copy that can, or run the script under the system's CPython, with its own "
            "packages: --python python3"
        )
    if wheels:
        shown = ", ".join(wheels[:4]) + (", …" if len(wheels) > 4 else "")
        cause = f"its wheels hold native code for other machines ({shown})"
    else:
        cause = "it is published as source only, which would have to be compiled"
    other = instead_of(name)
    advice = f"Use {other}" if other else "Use a package without native code in its place"
    return (
        f'"{name}" cannot run here: {cause}. Python runs in WebAssembly: a package needs a pure-Python wheel '
        f"(py3-none-any) or one for {PLATFORM}. {advice}, or do that part of the work outside."
    )


def _runs_here(file: str) -> bool:
    """Whether a file is a wheel for this Python."""
    if not file.endswith(".whl"):
        return False
    python, abi, platform = file[: -len(".whl")].split("-")[-3:]
    if "any" in platform.split("."):
        return "py3" in python.split(".")
    ours = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    return PLATFORM in platform.split(".") and (ours in python.split(".") or bool({"abi3", "none"} & {*abi.split(".")}))


def advice_for(names: List[str]) -> List[str]:
    """What to use in place of packages, a line for each of which that is known."""
    return [f'in place of "{name}", use {other}.' for name in names if (other := instead_of(name))]
