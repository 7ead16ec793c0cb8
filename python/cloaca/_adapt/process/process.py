"""Process identity: environment, current folder, argv, executable, pid, host and user are those of the real process.

Pyodide (seen in 314.0.7) has an environment of its own (``HOME=/home/pyodide``, ``PYTHONINSPECT=1``), pid 42, host
``emscripten`` and, after a snapshot, the ``sys.executable`` of the program that made it. Can go when Pyodide takes
these from its host.

Proved by ``test/scenarios/process.test.ts``.
"""

from __future__ import annotations

import errno
import functools
import os
import sys
from typing import Any, Dict, List, Set


def install(settings: Dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(settings["environ"])
    sys.argv[:] = settings["argv"]
    sys.orig_argv[:] = [settings["executable"], *settings["argv"]]
    sys.executable = settings["executable"]
    pid, parent_pid = settings["pid"], settings["parentPid"]
    os.getpid = lambda: pid
    os.getppid = lambda: parent_pid
    os.cpu_count = os.process_cpu_count = lambda: settings["cpuCount"]  # type: ignore[attr-defined]
    os.sched_getaffinity = _affinity
    os.get_terminal_size = functools.partial(_terminal_size, settings["terminalSize"])
    _name_host_and_user(settings)
    # Pyodide writes no compiled modules, and compiling takes long here.
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    sys.pycache_prefix = settings["bytecodeFolder"]
    os.chdir(settings["cwd"])
    sys.path[:] = _search_path(sys.path, settings)


def _affinity(pid: int, /) -> Set[int]:
    """Return the affinity of the process identified by pid: here, all processors."""
    return set(range(os.cpu_count() or 1))


def _terminal_size(size: Any, fd: int = 1, /) -> os.terminal_size:
    """Return the size of the terminal window as (columns, lines)."""
    if size is None or not os.isatty(fd):
        raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
    return os.terminal_size(size)


def _search_path(path: List[str], settings: Dict[str, Any]) -> List[str]:
    """PYTHONPATH, the standard library, then site-packages, each folder once; scripts put their own folder in front."""
    ordered: List[str] = []
    for entry in [*settings["pythonPath"], *path, *settings["sitePackages"]]:
        if entry and entry not in ordered:
            ordered.append(entry)
    return ordered


def _name_host_and_user(settings: Dict[str, Any]) -> None:
    import getpass
    import platform
    import socket

    host, user = settings["hostname"], settings["user"]
    uname = os.uname()
    real = os.uname_result((uname.sysname, host, uname.release, uname.version, uname.machine))
    os.uname = lambda: real
    os.getlogin = lambda: user
    socket.gethostname = lambda: host
    platform.node = lambda: host
    getpass.getuser = lambda: os.environ.get("LOGNAME") or os.environ.get("USER") or user
