"""Lets scripts import trio, which then runs on ``select.epoll``.

If trio (seen in 0.35.0) does not know ``sys.platform``, it imports three functions for ``kqueue`` from the module that
gave it ``epoll``. These functions are added for the import, and removed from the package afterwards. Otherwise trio
would use them to wait for programs, although it has ``waitid`` for that. Can be deleted when trio checks ``select`` for
both features, as it does in ``trio.lowlevel``.

Proved by ``python/tests/stdlib/test_trio.py``.
"""

from __future__ import annotations

import types
from typing import Any

_MODULE, _PACKAGE = "trio._core._run", "trio._core"
_KQUEUE_NAMES = ("current_kqueue", "monitor_kevent", "wait_kevent")


def complete(module: types.ModuleType) -> None:
    """Adds the missing functions to the module of trio that was just executed, or removes them from its package."""
    names = vars(module)
    for name in _KQUEUE_NAMES:
        if module.__name__ == _MODULE:
            names.setdefault(name, _refuse)
        elif module.__name__ == _PACKAGE and names.get(name) is _refuse:
            del names[name]


def _refuse(*_: Any) -> Any:
    raise NotImplementedError("kqueue is not available in the cloaca engine: trio uses epoll, as on Linux")
