"""trio can be imported, and runs over ``select.epoll``.

Where ``sys.platform`` is none that it knows, trio (seen in 0.35.0) wants three functions for ``kqueue`` of the module
whose ``epoll`` it has just taken. They are put there, and refuse to be called. Can go when trio asks ``select`` for
both, as it does in ``trio.lowlevel``.

Proved by ``python/tests/stdlib/test_trio.py``.
"""

from __future__ import annotations

import types
from typing import Any

_MODULE = "trio._core._run"
_KQUEUE_NAMES = ("current_kqueue", "monitor_kevent", "wait_kevent")


def complete(module: types.ModuleType) -> None:
    """Adds what is missing to the one module of trio that is concerned, once it was run."""
    if module.__name__ == _MODULE:
        for name in _KQUEUE_NAMES:
            vars(module).setdefault(name, _refuse)


def _refuse(*_: Any) -> Any:
    raise NotImplementedError("there is no kqueue in the cloaca engine: trio uses epoll, as under Linux")
