"""Reasons why a package cannot be installed here, with advice. ``command`` uses this module."""

from __future__ import annotations

import sys
from typing import List, Optional

from . import package_index
from .package_index import Unavailable
from .replacements import instead_of

PLATFORM = "pyemscripten_2026_0_wasm32"


def reason(name: str, unreachable_mirror: Optional[str] = None) -> str:
    """Returns one line about a package that pip has not found, or not in the requested version.

    ``unreachable_mirror`` is the address of Pyodide's builds, if they include the package and cannot be reached.
    """
    try:
        files = [file for file, _ in package_index.files_of(name)]
    except Unavailable as error:
        return f'Package "{name}" not found: {error} Check its name and the index.'
    wheels = sorted({file[:-4].rpartition("-")[2] for file in files if file.endswith(".whl")})
    if any(_runs_here(file) for file in files):
        return f'"{name}" has wheels that run here, but not for the requested version. Request another version.'
    if unreachable_mirror is not None:
        return (
            f'"{name}" was not installed: cannot reach {unreachable_mirror}, which has Pyodide\'s build of it. '
            "Set CLOACA_PYODIDE_MIRROR to another mirror, or run the script with the system's CPython and its "
            "packages: --python python3"
        )
    if wheels:
        shown = ", ".join(wheels[:4]) + (", …" if len(wheels) > 4 else "")
        cause = f"its wheels contain native code for other platforms ({shown})"
    else:
        cause = "it is published only as source code, which would have to be compiled"
    other = instead_of(name)
    advice = f"Use {other}" if other else "Use a package without native code"
    return (
        f'"{name}" cannot run here: {cause}. The engine\'s Python runs in WebAssembly, so a package needs a '
        f"pure-Python wheel (py3-none-any) or a wheel for {PLATFORM}. {advice}, or run the script with the "
        "system's CPython: --python python3"
    )


def _runs_here(file: str) -> bool:
    """Returns whether a file is a wheel for this Python."""
    if not file.endswith(".whl"):
        return False
    python, abi, platform = file[: -len(".whl")].split("-")[-3:]
    if "any" in platform.split("."):
        return "py3" in python.split(".")
    ours = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    return PLATFORM in platform.split(".") and (ours in python.split(".") or bool({"abi3", "none"} & {*abi.split(".")}))


def advice_for(names: List[str]) -> List[str]:
    """Returns a line of advice for each package with a known alternative."""
    return [f'Instead of "{name}", use {other}.' for name in names if (other := instead_of(name))]
