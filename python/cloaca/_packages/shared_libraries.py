"""Shared libraries that installed builds of Pyodide need. They are not packages, so pip does not know them.

They are extracted into a folder next to the packages, where the loader searches for them
(``_adapt/imports/project_packages.py``). The folder is installed and removed together with the packages. ``command``
uses this module.
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
    """Installs the libraries that a folder of packages needs, and removes all others.

    Raises:
        Refused: The mirror does not have a library.
        OSError: A library cannot be stored.
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
    """Returns the packages in a folder that are Pyodide's builds, with its version and platform."""
    names = []
    for found in importlib.metadata.distributions(path=[packages]):
        build = lock.wheel(found.metadata["Name"] or "")
        if build is not None and build.version == found.version and _has_tag_of(found, build):
            names.append(build.name)
    return names


def _has_tag_of(found: importlib.metadata.Distribution, build: Build) -> bool:
    tag = "-".join(build.file_name[: -len(".whl")].split("-")[-3:])
    return f"Tag: {tag}" in (found.read_text("WHEEL") or "").splitlines()
