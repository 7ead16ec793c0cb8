"""Adaptations of the standard library to an interpreter in WebAssembly, which runs in its own process.

Each concern has its own package. Modules that several packages use are next to this file: ``interrupts`` and
``readiness`` suspend and wake stacks, and ``builtin``, ``c_numbers``, ``pauses`` and ``unraisable`` are small tools.

All adaptations are installed here: by ``prepare`` before the memory snapshot is taken, if they are the same in every
process, or by ``install`` at each start. The header of each module says what the module replaces, why, which version of
Pyodide needed it, and when it can be deleted. If several modules belong to one concern, the header of the one with
``prepare`` or ``install`` applies to all. No adaptation is active under CPython.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Dict


def prepare() -> None:
    """Adapts the standard library before the modules that scripts use are imported. Called once per interpreter."""
    from .._logs import logging_module
    from .children import fork_exec, groups, os_functions, waiting
    from .files import descriptors, file_locks, files
    from .hashes import hashlib_module
    from .imports import compiled_modules, missing_modules, urllib3
    from .process import accounts, collector, cpu_clocks, no_processes, tracebacks, zone_database
    from .signals import signals, timers
    from .sockets import socket_module
    from .sqlite import sqlite3_module
    from .threads import async_exceptions, pools, threading
    from .tls import ssl_module

    collector.prepare()
    tracebacks.prepare()
    threading.prepare()
    pools.prepare()
    async_exceptions.prepare()
    zone_database.prepare()
    compiled_modules.prepare()
    missing_modules.prepare()
    hashlib_module.prepare()
    accounts.prepare()
    cpu_clocks.prepare()
    files.prepare()
    file_locks.prepare()
    descriptors.prepare()
    no_processes.prepare()
    waiting.prepare()
    os_functions.prepare()
    groups.prepare()
    signals.prepare()
    timers.prepare()
    socket_module.prepare()
    # ``fork_exec`` imports ``selectors``, which keeps the functions that ``select`` has now.
    fork_exec.prepare()
    ssl_module.prepare()
    urllib3.prepare()
    logging_module.prepare()
    sqlite3_module.prepare()
    # asyncio takes its selector from ``selectors``, which has more of them now.
    from .sockets import event_loop

    event_loop.prepare()
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)


def freeze() -> None:
    """Prepares for the memory snapshot. Called when everything is imported, before the snapshot is taken."""
    from .process import collector

    collector.freeze()


def install(settings: Dict[str, Any]) -> None:
    """Installs all adaptations in the order of their dependencies. Called once per interpreter."""
    from . import interrupts
    from .children import masked_output
    from .files import descriptors, standard_input, standard_output
    from .imports import installed_packages, project_packages
    from .process import accounts, collector, process, randomness, warnings, zone
    from .signals import signals
    from .sockets import socket_module
    from .threads import run_sync, sleep

    collector.install()
    process.install(settings)
    warnings.install(settings)
    accounts.install(settings)
    descriptors.install()
    zone.install(settings["timeZone"])
    randomness.install()
    socket_module.install()
    standard_output.install(settings)
    standard_input.install(settings)
    masked_output.install()
    run_sync.install()
    sleep.install()
    interrupts.install()
    signals.install()
    installed_packages.install()
    project_packages.install(settings)
