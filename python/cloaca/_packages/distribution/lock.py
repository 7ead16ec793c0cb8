"""Pyodide's own builds: the packages in ``pyodide-lock.json``, which is installed with the engine.

Each has one version, a file name, a SHA-256 digest and the names of its dependencies. ``sources`` reads the wheels, for
pip, and ``shared_libraries`` reads the rest.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Optional, Tuple


@dataclass(frozen=True)
class Build:
    """File of Pyodide's distribution."""

    name: str
    version: str
    file_name: str
    sha256: str
    depends: Tuple[str, ...]
    is_shared_library: bool

    @property
    def is_native(self) -> bool:
        """Whether it contains native code, which only Pyodide builds for this version."""
        return self.file_name.endswith(".whl") and not self.file_name.endswith("-none-any.whl")


class Lock:
    """Builds by name. Names are compared as in pip."""

    def __init__(self, document: Any) -> None:
        self._builds: Dict[str, Build] = {}
        for key, entry in document["packages"].items():
            self._builds[canonical(key)] = Build(
                name=canonical(key),
                version=entry["version"],
                file_name=entry["file_name"],
                sha256=entry["sha256"],
                depends=tuple(canonical(each) for each in entry["depends"]),
                is_shared_library=entry["package_type"] == "shared_library",
            )

    def wheel(self, name: str) -> Optional[Build]:
        """Returns the build of a package that pip can install. Tests of packages and libraries are left out."""
        build = self._builds.get(canonical(name))
        return build if build is not None and build.file_name.endswith(".whl") else None

    def of_file(self, file_name: str) -> Optional[Build]:
        """Returns the build with this file name, or None."""
        return next((build for build in self._builds.values() if build.file_name == file_name), None)

    def packages_of(self, build: Build) -> List[Build]:
        """Returns the packages that a build needs, whether or not its own metadata names them."""
        return [found for found in map(self.wheel, build.depends) if found is not None]

    def libraries_of(self, names: Iterable[str]) -> List[Build]:
        """Returns the shared libraries that builds need, directly or not, in the order in which they must be loaded."""
        found: Dict[str, Build] = {}

        def add(name: str) -> None:
            build = self._builds.get(canonical(name))
            if build is None or name in found:
                return
            for each in build.depends:
                if each in self._builds and self._builds[each].is_shared_library:
                    add(each)
            if build.is_shared_library:
                found[name] = build

        for name in names:
            add(canonical(name))
        return list(found.values())


def canonical(name: str) -> str:
    """Returns the name of a package in the form that indexes use."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_lock(path: str) -> Lock:
    """Returns the lock of this installation."""
    with open(path, encoding="utf-8") as file:
        return Lock(json.load(file))
