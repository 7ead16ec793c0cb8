"""Errors for functions that would copy this process, which WebAssembly cannot do, with advice on alternatives.

Pyodide's own errors (seen in 314.0.7) are "Function not implemented", or that a module is missing. ``multiprocessing``
can be imported, and its parts that need no processes work with threads: ``multiprocessing.pool.ThreadPool``,
``multiprocessing.dummy``, locks and queues. Can be deleted when WebAssembly can copy a process.

Proved by ``python/tests/stdlib/test_os_processes.py``.
"""

from __future__ import annotations

import errno
import multiprocessing.util
import os
import sys
import threading
import types
from typing import Any, NoReturn

from ..builtin import builtin

NO_PROCESSES = (
    "{} cannot copy this process: the cloaca engine runs Python in WebAssembly, which has no fork. "
    "Use threads (threading, concurrent.futures.ThreadPoolExecutor), or start another program with subprocess"
)

_FUNCTIONS_OF_OS = ("fork", "forkpty")


def refuse(name: str) -> NoReturn:
    """Raises the error for a function that cannot start a process."""
    raise OSError(errno.ENOTSUP, NO_PROCESSES.format(name))


class SemLock:
    """Semaphore of ``multiprocessing``. There is only one process, so it uses ``threading``."""

    SEM_VALUE_MAX = 2**31 - 1

    def __init__(self, kind: int, value: int, maxvalue: int, name: str, unlink: bool = True) -> None:
        # Without a name, multiprocessing starts no process to clean it up.
        self.kind, self.maxvalue, self.name, self.handle = kind, maxvalue, None, 0
        self._value = value
        self._owner = self._holds = 0
        self._condition = threading.Condition()

    def acquire(self, block: bool = True, timeout: Any = None) -> bool:
        me = threading.get_ident()
        with self._condition:
            if self.kind == 0 and self._holds and self._owner == me:
                self._holds += 1
                return True
            limit = None if timeout is None else max(0.0, timeout)
            if not self._condition.wait_for(lambda: self._value > 0, limit if block else 0):
                return False
            self._value -= 1
            self._owner, self._holds = me, self._holds + 1
            return True

    def release(self) -> None:
        with self._condition:
            if self.kind == 0:
                if not self._is_mine():
                    raise AssertionError("attempt to release recursive lock not owned by thread")
                if self._holds > 1:
                    self._holds -= 1
                    return
            elif self._value >= self.maxvalue:
                raise ValueError("semaphore or lock released too many times")
            self._holds -= 1
            self._value += 1
            self._condition.notify()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _count(self) -> int:
        return self._holds

    def _is_mine(self) -> bool:
        return self._holds > 0 and self._owner == threading.get_ident()

    def _get_value(self) -> int:
        return self._value

    def _is_zero(self) -> bool:
        return self._value == 0

    def _after_fork(self) -> None:
        pass


def prepare() -> None:
    for name in _FUNCTIONS_OF_OS:
        setattr(os, name, builtin(lambda *_, name=f"os.{name}", **__: refuse(name), "os", name))
    multiprocessing.util.spawnv_passfds = lambda *_: refuse("multiprocessing")
    # The default argument is the original ``getpid``, which returns 42. With it, each pool would seem to end in another
    # process.
    *first, _ = multiprocessing.util.Finalize.__call__.__defaults__ or ()
    multiprocessing.util.Finalize.__call__.__defaults__ = (*first, lambda: os.getpid())
    module: Any = types.ModuleType("_multiprocessing")
    module.SemLock, module.flags = SemLock, {}
    module.sem_unlink = lambda name: None
    sys.modules["_multiprocessing"] = module
    memory: Any = types.ModuleType("_posixshmem")
    memory.shm_open = memory.shm_unlink = builtin(
        lambda *_, **__: refuse("multiprocessing.shared_memory"), "_posixshmem"
    )
    sys.modules["_posixshmem"] = memory
