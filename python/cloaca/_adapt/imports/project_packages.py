"""What an interpreter reads of the folders in which ``cloaca pip`` installs: path files, and places of libraries.

Pyodide (seen in 314.0.7) knows one folder of packages, its own. Here that of a project is one like Python's own: its
``.pth`` files are read, which packages that were installed with ``-e`` consist of, and the libraries that native
modules need are found in ``pyodide.libs`` there. Can go when Pyodide takes folders of packages from its host.

Proved by ``test/scenarios/pyodide-builds.test.ts``.
"""

from __future__ import annotations

import os
import site
import sys
from typing import Any, Dict

#: Of ``cloaca pip`` (``_packages/command.py``, ``staging.py``), where it was killed, too.
_OURS = tuple(os.path.join(".cloaca", name) for name in ("packages", "packages.previous"))
_LIBRARIES = "pyodide.libs"


def install(settings: Dict[str, Any]) -> None:
    folders = [folder for folder in settings["sitePackages"] if folder.endswith(_OURS)]
    libraries = [place for folder in folders if os.path.isdir(place := os.path.join(folder, _LIBRARIES))]
    if libraries:
        # For the loader alone, which looks into C's environment: children of the process are for another machine.
        os.putenv("LD_LIBRARY_PATH", os.pathsep.join(libraries))
    for folder in folders:
        if any(name.endswith(".pth") for name in os.listdir(folder)):
            site.addsitedir(folder, set(sys.path))
