"""Reports the memory and the number of open files of this process to the engine, once a second."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, Optional

from . import helpers, lines

_EVERY_S = 1.0
_BYTES_PER_MEBIBYTE = 1_048_576


class Resources:
    """Checks the resources periodically on its own thread. ``ceilings`` are those of ``StartData``."""

    def __init__(self, to_engine: lines.Lines, ceilings: Dict[str, Any]) -> None:
        self._lines = to_engine
        self._report_from = ceilings.get("reportFrom")
        self._said: Optional[int] = None
        _set_open_files(ceilings.get("openFiles"))
        helpers.start(self._watch)

    def _watch(self) -> None:
        pause = time.sleep
        while True:
            pause(_EVERY_S)
            mebibytes = resident_mebibytes()
            if mebibytes is not None and mebibytes != self._said:
                self._said = mebibytes
                self._lines.report(lines.MEMORY_MEBIBYTES, mebibytes)
            if self._report_from is None:
                continue
            if mebibytes is not None and mebibytes >= self._report_from["residentMebibytes"]:
                self._lines.report(lines.RESIDENT_MEBIBYTES, mebibytes)
            files = open_files()
            if files is not None and files >= self._report_from["openFiles"]:
                self._lines.report(lines.OPEN_FILES, files)


def resident_mebibytes() -> Optional[int]:
    """Returns the resident memory of this process in MiB, or None if the system does not report it."""
    try:
        with open("/proc/self/statm", "rb") as file:
            pages = int(file.read().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") // _BYTES_PER_MEBIBYTE


def open_files() -> Optional[int]:
    """Returns the number of open descriptors of this process, or None if the system does not report it."""
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return None


def _set_open_files(most: Optional[int]) -> None:
    """Sets the limit of open files, after which EMFILE is raised. An existing lower limit is kept."""
    if most is None:
        return
    try:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY or soft > most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    except (ImportError, OSError, ValueError):
        return
