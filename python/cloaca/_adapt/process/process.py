"""Identity of the process: environment, current folder, argv, executable, pid, host and user of the real process.

Pyodide (seen in 314.0.7) has its own environment (``HOME=/home/pyodide``, ``PYTHONINSPECT=1``), pid 42, host
``emscripten`` and, after a snapshot, the ``sys.executable`` of the program that created the snapshot. Can be deleted
when Pyodide takes these values from its host.

Proved by ``test/scenarios/process.test.ts``.
"""

from __future__ import annotations

import errno
import functools
import os
import sys
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

from ..builtin import builtin


def install(settings: Dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(settings["environ"])
    sys.argv[:] = settings["argv"]
    sys.orig_argv[:] = [settings["executable"], *settings["argv"]]
    sys.executable = settings["executable"]
    numbers = {"getpid": settings["pid"], "getppid": settings["parentPid"]}
    for name, number in numbers.items():
        function = builtin(_constantly(number), "posix", name)
        for module in (os, sys.modules["posix"]):  # pickle uses the second
            setattr(module, name, function)
    _follow_options(settings["python"])
    os.cpu_count = os.process_cpu_count = lambda: settings["cpuCount"]  # type: ignore[attr-defined]
    os.sched_getaffinity = _affinity
    os.get_terminal_size = functools.partial(_terminal_size, settings["terminalSize"])
    _name_host_and_user(settings)
    # Pyodide writes no compiled modules, and compiling takes long here.
    sys.dont_write_bytecode = bool(settings["python"]["environ"].get("PYTHONDONTWRITEBYTECODE"))
    sys.pycache_prefix = settings["bytecodeFolder"] or None
    os.chdir(settings["cwd"])
    sys.path[:] = _search_path(sys.path, settings)


def _constantly(number: int) -> Callable[[], int]:
    def number_of_process() -> int:
        """Return the number of the process, or of its parent."""
        return number

    return number_of_process


#: Fields of ``sys.flags`` that have a name but no index.
_UNSHOWN = ("gil", "thread_inherit_context", "context_aware_warnings")


class _Flags(tuple):  # type: ignore[type-arg]
    """``sys.flags``: the flags provided through command line arguments or environment vars."""

    n_fields = len(sys.flags)
    _names: Tuple[str, ...]

    def __new__(cls, values: Dict[str, Any]) -> _Flags:
        made = super().__new__(cls, values.values())
        made.__dict__.update(values)
        made.__dict__["_names"] = tuple(values)
        return made

    def __repr__(self) -> str:
        return f"sys.flags({', '.join(f'{name}={getattr(self, name)!r}' for name in self._names)})"


def _follow_options(options: Dict[str, Any]) -> None:
    """Sets the options of Python's command line in ``sys``. CPython's own ``flags`` object cannot be created again."""
    shown = type(sys.flags).__match_args__  # type: ignore[attr-defined]
    flags = {name: getattr(sys.flags, name) for name in shown}
    flags["dont_write_bytecode"] = int(bool(options["environ"].get("PYTHONDONTWRITEBYTECODE")))
    for name, number in options["flags"].items():
        flags[name] = type(flags[name])(number)
    made = _Flags(flags)
    for name in _UNSHOWN:
        setattr(made, name, getattr(sys.flags, name, None))
    sys.flags = made  # type: ignore[misc, assignment]
    for option in options["xOptions"]:
        name, _, value = option.partition("=")
        sys._xoptions[name] = value or True


def _affinity(pid: int, /) -> Set[int]:
    """Return the affinity of the process identified by pid: here, all processors."""
    return set(range(os.cpu_count() or 1))


def _terminal_size(size: Any, fd: int = 1, /) -> os.terminal_size:
    """Return the size of the terminal window as (columns, lines)."""
    if size is None or not os.isatty(fd):
        raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
    return os.terminal_size(size)


def _search_path(path: List[str], settings: Dict[str, Any]) -> List[str]:
    """Returns the search path without duplicates: PYTHONPATH, standard library, site-packages."""
    ordered: List[str] = []
    for entry in [*settings["pythonPath"], *path, *settings["sitePackages"]]:
        if entry and entry not in ordered:
            ordered.append(entry)
    return ordered


def _login_name(user: Optional[str], /) -> str:
    """Return the actual login name."""
    if user is None:
        raise OSError(errno.ENXIO, os.strerror(errno.ENXIO))
    return user


def _name_host_and_user(settings: Dict[str, Any]) -> None:
    import getpass
    import platform
    import socket

    host, user = settings["hostname"], settings["user"]
    uname = os.uname()
    real = os.uname_result((uname.sysname, host, uname.release, uname.version, uname.machine))
    os.uname = lambda: real
    os.getlogin = functools.partial(_login_name, user)
    socket.gethostname = lambda: host
    platform.node = lambda: host
    if user is not None:  # else CPython's own function raises OSError if the variables are missing
        getpass.getuser = lambda: os.environ.get("LOGNAME") or os.environ.get("USER") or user
