"""Path files and libraries of the folders into which ``cloaca pip`` installs.

Pyodide (seen in 314.0.7) knows only its own folder of packages. Here the package folder of a project works like a
``site-packages`` folder: its ``.pth`` files are read, which packages installed with ``-e`` consist of, and libraries
for native modules are found in its ``pyodide.libs``. Can be deleted when Pyodide accepts package folders from its host.

Proved by ``test/scenarios/pyodide-builds.test.ts``.
"""

from __future__ import annotations

import os
import site
import sys
from typing import Any, Dict

#: Folders of ``cloaca pip`` (``_packages/command.py``, ``staging.py``), including the one that a killed run leaves.
_OURS = tuple(os.path.join(".cloaca", name) for name in ("packages", "packages.previous"))
_LIBRARIES = "pyodide.libs"


def install(settings: Dict[str, Any]) -> None:
    folders = [folder for folder in settings["sitePackages"] if folder.endswith(_OURS)]
    libraries = [place for folder in folders if os.path.isdir(place := os.path.join(folder, _LIBRARIES))]
    if libraries:
        # Only for the loader, which reads the environment of C. Children of the process are native programs.
        os.putenv("LD_LIBRARY_PATH", os.pathsep.join(libraries))
    for folder in folders:
        if any(name.endswith(".pth") for name in os.listdir(folder)):
            site.addsitedir(folder, set(sys.path))
