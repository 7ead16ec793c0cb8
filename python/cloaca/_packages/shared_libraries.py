"""The shared libraries that installed builds of Pyodide need: they are no packages, so pip knows nothing of them.

They are unpacked into one folder beside the packages, which goes and comes with these, and where the loader looks for
them (``_adapt/imports/project_packages.py``). Used by ``command``.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import zipfile
from typing import Any, List

from .distribution.lock import Build, Lock
from .distribution.mirror import Mirror
from .pip_modules import pip_module
from .pip_network import Connection

FOLDER = "pyodide.libs"
_LIST = "libraries.json"


def install(packages: str, lock: Lock, mirror: Mirror) -> None:
    """Makes a folder of packages have the libraries that its packages need, and no others.

    Raises:
        Refused: The mirror does not have one.
        OSError: One cannot be kept.
    """
    folder = os.path.join(packages, FOLDER)
    needed = lock.libraries_of(_builds_in(packages, lock))
    wanted = {build.name: build.sha256 for build in needed}
    if wanted == _present(folder):
        return
    files = [_file(build, mirror) for build in needed]
    shutil.rmtree(folder, ignore_errors=True)
    if not needed:
        return
    for path in files:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
    with open(os.path.join(folder, _LIST), "w", encoding="utf-8") as file:
        json.dump(wanted, file)
    print("Installed shared libraries: " + ", ".join(f"{build.name}-{build.version}" for build in needed))


def _file(build: Build, mirror: Mirror) -> str:
    connection = Connection(pip_module("_internal.network.session").PipSession())
    return mirror.file(build, connection.open, connection.tries)


def _present(folder: str) -> Any:
    try:
        with open(os.path.join(folder, _LIST), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def _builds_in(packages: str, lock: Lock) -> List[str]:
    """The packages in a folder that are Pyodide's builds: of its version, and for its platform."""
    names = []
    for found in importlib.metadata.distributions(path=[packages]):
        build = lock.wheel(found.metadata["Name"] or "")
        if build is not None and build.version == found.version and _has_tag_of(found, build):
            names.append(build.name)
    return names


def _has_tag_of(found: importlib.metadata.Distribution, build: Build) -> bool:
    tag = "-".join(build.file_name[: -len(".whl")].split("-")[-3:])
    return f"Tag: {tag}" in (found.read_text("WHEEL") or "").splitlines()
