"""Installs stacks, locks and thread-local data in place of those of ``_thread``, including copies in other modules.

Pyodide imports ``threading``, ``asyncio``, ``logging`` and other modules while it starts (seen in 314.0.7), so it is
not enough to replace the functions of ``_thread``. The names that those modules imported from it, and the locks that
they created, are replaced too. This happens before the memory snapshot is taken, so it costs nothing at start. Can be
deleted together with ``threads`` and ``locks``.

Proved by ``python/tests/stdlib/test_threading.py``.
"""

from __future__ import annotations

import _queue
import _thread
import importlib
import logging
import queue
import sys
import threading
import types
from importlib.machinery import BuiltinImporter
from typing import Any, Dict, List, Tuple

from ..._border import stacks
from ..builtin import builtin
from . import locks, thread_local, threads

_C_LOCK, _C_RLOCK = type(_thread.allocate_lock()), _thread.RLock

_REPLACEMENTS: Dict[str, Any] = {
    "RLock": locks.RLock,
    "LockType": locks.lock,
    "lock": locks.lock,
    "allocate_lock": locks.lock,
    "allocate": locks.lock,
    "get_ident": builtin(stacks.get_ident, "_thread"),
    "get_native_id": builtin(threads.native_id, "_thread", "get_native_id"),
    "_local": thread_local.local,
    "_ThreadHandle": threads._ThreadHandle,
    "_make_thread_handle": builtin(threads.make_thread_handle, "_thread", "_make_thread_handle"),
    "_get_main_thread_ident": builtin(threads.main_ident, "_thread", "_get_main_thread_ident"),
    "start_joinable_thread": builtin(threads.start_joinable_thread, "_thread"),
    "start_new_thread": builtin(threads.start_new_thread, "_thread"),
    "start_new": builtin(threads.start_new_thread, "_thread"),
    "_shutdown": builtin(threads.join_all, "_thread", "_shutdown"),
    "_count": builtin(threads.count, "_thread", "_count"),
}


def prepare() -> None:
    """Replaces everything. Called once per interpreter, before the modules that scripts use are imported."""
    originals: List[Tuple[Any, Any]] = []
    for name, replacement in _REPLACEMENTS.items():
        if hasattr(_thread, name):
            originals.append((getattr(_thread, name), replacement))
    _replace_in_thread(_thread)
    BuiltinImporter.exec_module = staticmethod(_load_and_replace)  # type: ignore[method-assign]
    thread_local.prepare()
    originals += _reload_threading()
    _name_entered_stacks()
    for module in list(sys.modules.values()):
        if isinstance(module, types.ModuleType) and module.__name__.partition(".")[0] != "cloaca":
            _exchange(module, originals)
    _restart_modules()
    _announce()


def _exchange(module: Any, originals: List[Tuple[Any, Any]]) -> None:
    for name, value in list(vars(module).items()):
        if type(value) is _C_LOCK:
            setattr(module, name, locks.lock())
        elif type(value) is _C_RLOCK:
            setattr(module, name, locks.RLock())
        else:
            for original, replacement in originals:
                if value is original:
                    setattr(module, name, replacement)


def _reload_threading() -> List[Tuple[Any, Any]]:
    """Reloads the module, and returns the names that others may have imported from it, with old and new values."""
    before = dict(vars(threading))
    importlib.reload(threading)
    return [(before[name], getattr(threading, name)) for name in threading.__all__ if name in before]


def _name_entered_stacks() -> None:
    """Names the thread of a poll or a task, whose stack no script started, as python does."""
    make = threading._DummyThread.__init__

    def make_named(self: Any) -> None:
        make(self)
        if stacks.running.token > 0 or stacks.running.loop is not None:
            self._name = threading.main_thread().name

    threading._DummyThread.__init__ = make_named  # type: ignore[method-assign]


class SimpleQueue(queue._PySimpleQueue):  # type: ignore[misc, name-defined]
    """Simple, unbounded, reentrant FIFO queue."""

    __module__ = "_queue"


def _replace_in_queue(module: Any) -> None:
    # The C class waits for a C lock, which it never gets, in a busy loop.
    module.SimpleQueue, module.Empty = SimpleQueue, queue.Empty


def _replace_in_thread(module: Any) -> None:
    for name, replacement in _REPLACEMENTS.items():
        setattr(module, name, replacement)
    if hasattr(module, "_excepthook"):
        # The C function treats all stacks as one thread. Without it, ``threading`` uses its own function.
        del module._excepthook


_load_builtin = BuiltinImporter.exec_module


def _load_and_replace(module: Any) -> None:
    """Loads a built-in module, and also replaces the names in it."""
    _load_builtin(module)
    replace = {"_thread": _replace_in_thread, "_queue": _replace_in_queue}.get(module.__name__)
    if replace is not None:
        replace(module)


def _restart_modules() -> None:
    _replace_in_queue(_queue)
    _replace_in_queue(queue)
    for handler in [*logging._handlers.values(), logging.lastResort]:  # type: ignore[attr-defined]
        if handler is not None:
            handler.createLock()
    # The class was derived from the thread-local type that all stacks share.
    events = importlib.import_module("asyncio.events")
    events._BaseDefaultEventLoopPolicy._Local = type(
        "_Local", (thread_local.local,), {"_loop": None, "__module__": "asyncio.events"}
    )


def _announce() -> None:
    """Reports support for threads to modules that check for it."""
    facts = sys._emscripten_info  # type: ignore[attr-defined]
    known = {name: getattr(facts, name) for name in ("emscripten_version", "runtime", "shared_memory")}
    sys._emscripten_info = types.SimpleNamespace(**known, pthreads=True)  # type: ignore[attr-defined]
