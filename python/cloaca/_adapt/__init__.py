"""Adaptations of the standard library to an interpreter that lives in a WebAssembly worker thread.

``install`` is the one visible place where they are put in. Each module says in its header what it replaces, why, with
which Pyodide version it was needed, and what would let us delete it. None is active under CPython.
"""

from __future__ import annotations

from typing import Any, Dict


def install(host: Any, settings: "Dict[str, Any]") -> None:
    """Installs all adaptations, in an order in which each finds what it needs. Called once per interpreter."""
    from . import _deadline, _process, _randomness, _sqlite_refusal, _streams, _time, _waiting

    _process.install(settings)
    _randomness.install()
    _sqlite_refusal.install()
    _streams.install()
    _waiting.install()
    _time.install()
    _deadline.install(host)
