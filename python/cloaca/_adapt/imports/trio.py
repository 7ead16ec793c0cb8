"""trio can be imported, and runs over ``select.epoll``.

Where ``sys.platform`` is none that it knows, trio (seen in 0.35.0) wants three functions for ``kqueue`` of the module
whose ``epoll`` it has just taken. They are put there for the import, and taken out of the package, which would wait for
programs with them, and has ``waitid`` for that. Can go when trio asks ``select`` for both, as it does in
``trio.lowlevel``.

Proved by ``python/tests/stdlib/test_trio.py``.
"""

from __future__ import annotations

import types
from typing import Any

_MODULE, _PACKAGE = "trio._core._run", "trio._core"
_KQUEUE_NAMES = ("current_kqueue", "monitor_kevent", "wait_kevent")


def complete(module: types.ModuleType) -> None:
    """Adds what is missing to the module of trio that is concerned, once it was run, and takes it from its package."""
    names = vars(module)
    for name in _KQUEUE_NAMES:
        if module.__name__ == _MODULE:
            names.setdefault(name, _refuse)
        elif module.__name__ == _PACKAGE and names.get(name) is _refuse:
            del names[name]


def _refuse(*_: Any) -> Any:
    raise NotImplementedError("there is no kqueue in the cloaca engine: trio uses epoll, as under Linux")
