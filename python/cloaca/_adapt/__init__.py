"""Adaptations of the standard library to an interpreter that lives in a WebAssembly worker thread.

``prepare`` and ``install`` are the one visible place where they are put in: ``prepare`` before the memory snapshot is
taken, for what is the same in every process, ``install`` at each start. Each module says in its header what it
replaces, why, with which Pyodide version it was needed, and what would let us delete it; where a concern has several
modules, the one with ``prepare`` or ``install`` says so for all. None is active under CPython.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Dict


def prepare() -> None:
    """Prepares the standard library before the modules that scripts use are imported. Called once per interpreter."""
    from . import (
        _accounts,
        _clocks,
        _collector,
        _descriptors,
        _file_locks,
        _files,
        _missing_modules,
        _processes,
        _signals,
        _sockets,
        _sqlite,
        _threading,
        _time_zones,
        _timers,
        _tls,
        _tracebacks,
        _urllib3,
    )

    _collector.prepare()
    _tracebacks.prepare()
    _threading.prepare()
    _time_zones.prepare()
    _missing_modules.prepare()
    _accounts.prepare()
    _clocks.prepare()
    _files.prepare()
    _file_locks.prepare()
    _descriptors.prepare()
    _processes.prepare()
    _signals.prepare()
    _timers.prepare()
    _sockets.prepare()
    _tls.prepare()
    _urllib3.prepare()
    _sqlite.prepare()
    # A selector of asyncio's is one of ``selectors``, which has more of them now.
    from . import _event_loop

    _event_loop.prepare()
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")


def freeze() -> None:
    """Called when everything is imported, before the memory snapshot is taken."""
    from . import _collector

    _collector.freeze()


def install(host: Any, settings: Dict[str, Any], machine: Any) -> None:
    """Installs all adaptations, in an order in which each finds what it needs. Called once per interpreter.

    ``host`` waits for and asks the engine, ``machine`` is what the interpreter's process does itself.
    """
    from . import (
        _accounts,
        _clocks,
        _collector,
        _descriptors,
        _file_locks,
        _files,
        _input,
        _installed_packages,
        _interrupts,
        _process,
        _randomness,
        _signals,
        _sockets,
        _sqlite,
        _streams,
        _time,
        _timers,
        _waiting,
        _warnings,
        _zone,
    )

    _collector.install()
    _process.install(settings)
    _warnings.install()
    _accounts.install(settings)
    _clocks.install(machine)
    _descriptors.install(machine)
    _files.install(machine)
    _file_locks.install(machine)
    _zone.install(machine, settings["timeZone"])
    _randomness.install()
    _sockets.install(host)
    _sqlite.install(host)
    _streams.install(machine)
    _input.install()
    _waiting.install()
    _time.install()
    _interrupts.install(host)
    _signals.install(host)
    _timers.install(host)
    _installed_packages.install()
