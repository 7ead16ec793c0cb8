"""Wheels for Linux without their native files, for packages that work without them.

Some packages have a Python fallback for their C code, but publish only wheels with both. ``TABLE`` lists packages that
were tested to import and work without their native files, with the tested versions. Such a wheel is used if no other
source has the package. pip installs the wheel unchanged, so its digest is that of the index, and then the native files
are removed. ``sources`` uses this module.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import re
from typing import Any, Dict, Iterable, List, Optional, Tuple

from .distribution.lock import canonical

#: First version that works without native files, and first version that was not tested, by package. Tested versions:
#: markupsafe 3.0.4, pyyaml 6.0.4, pymongo 4.20.1, tornado 6.6.1, watchdog 6.0.0 and 7.1.0, zope.interface 8.7 and
#: google-crc32c 1.9.0.
TABLE: Dict[str, Tuple[str, str]] = {
    "google-crc32c": ("1", "2"),
    "markupsafe": ("3", "4"),
    "pymongo": ("4", "5"),
    "pyyaml": ("6", "7"),
    "tornado": ("6", "7"),
    "watchdog": ("6", "8"),
    "zope-interface": ("8", "9"),
}

_NATIVE = (".so", ".pyd", ".dylib", ".dll")
_LINUX_WHEEL = re.compile(r"-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]*linux[^-]*)\.whl$")


def is_known(name: str, version: Any, version_of: Any) -> bool:
    """Returns whether a version works without its native files. ``version_of`` parses a version."""
    if name not in TABLE:
        return False
    first, beyond = map(version_of, TABLE[name])
    return bool(first <= version < beyond)


def preferred(file_names: Iterable[str], python: str) -> Optional[str]:
    """Returns the wheel for Linux that is most similar to one for this Python (``cp314``), or None."""
    ranked: List[Tuple[int, str]] = []
    for name in file_names:
        found = _LINUX_WHEEL.search(name)
        if found is None or found["abi"].endswith("t"):
            continue
        is_ours = python in found["python"].split(".") and (found["abi"] == python or "abi3" in found["abi"])
        is_for_all = "abi3" in found["abi"] or found["abi"] == "none"
        ranked.append((2 if is_ours else 1 if is_for_all else 0, name))
    return max(ranked, default=(0, None), key=lambda each: (each[0], each[1] or ""))[1]


def remove_native_files(folder: str, name: str) -> List[str]:
    """Removes the native files of an installed package, also from its record, and returns their names."""
    information = next((each for each in os.listdir(folder) if _is_information_of(each, name)), None)
    if information is None:
        return []
    record = os.path.join(folder, information, "RECORD")
    wheel = os.path.join(folder, information, "WHEEL")
    with open(record, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    removed = [row[0] for row in rows if row[0].endswith(_NATIVE) or ".so." in os.path.basename(row[0])]
    for each in removed:
        os.remove(os.path.join(folder, each))
    with open(wheel, encoding="utf-8") as file:
        lines = [
            line for line in file.read().splitlines() if line and not line.startswith(("Tag:", "Root-Is-Purelib:"))
        ]
    text = "\n".join([*lines, "Root-Is-Purelib: true", "Tag: py3-none-any", ""])
    _put(wheel, text)
    own = f"{information}/WHEEL"
    kept = [_row(row, own, text) for row in rows if row[0] not in removed]
    _put(record, "".join(f"{','.join(_quoted(cell) for cell in row)}\n" for row in kept))
    return removed


def _is_information_of(entry: str, name: str) -> bool:
    return entry.endswith(".dist-info") and canonical(entry.partition("-")[0]) == canonical(name)


def _row(row: List[str], own: str, text: str) -> List[str]:
    if row[0] != own:
        return row
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return [own, f"sha256={digest}", str(len(text.encode()))]


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(each in cell for each in ',"\n') else cell


def _put(path: str, text: str) -> None:
    """Replaces a file instead of writing into it, because it can be a hard link to a file in another folder."""
    with open(f"{path}.tmp", "w", encoding="utf-8", newline="") as file:
        file.write(text)
    os.replace(f"{path}.tmp", path)
