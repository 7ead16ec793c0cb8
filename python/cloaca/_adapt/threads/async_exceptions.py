"""``ctypes.pythonapi.PyThreadState_SetAsyncExc``: raises an exception in another thread.

CPython's function searches the threads of the system, and Pyodide (seen in 314.0.7) has one thread for all stacks. So
the function found nothing, and a script that waited for the exception computed forever. Here the exception is stored in
the stack, and raised as by CPython: between two steps of Python, and at the end of a wait, which it does not shorten.
Can be deleted when Pyodide has threads.

Proved by ``python/tests/stdlib/test_threading.py``.
"""

from __future__ import annotations

import types
import zipimport
from typing import Any, Optional

from ..._border import bridge, host, stacks
from . import threads

_NAME = "PyThreadState_SetAsyncExc"

_execute: Any = zipimport.zipimporter.exec_module


def prepare() -> None:
    zipimport.zipimporter.exec_module = _exec_module  # type: ignore[method-assign]


def _exec_module(self: Any, module: types.ModuleType) -> None:
    _execute(self, module)
    if module.__name__ == "ctypes":
        setattr(module.pythonapi, _NAME, _SetAsyncExc())


# Tracebacks leave out the frames of CPython's own loaders.
_exec_module.__code__ = _exec_module.__code__.replace(co_filename="<frozen importlib._bootstrap_external>")


class _SetAsyncExc:
    """The C function with the attributes that scripts set, which have no effect here."""

    __name__ = _NAME
    argtypes: Any = None
    restype: Any = None
    errcheck: Any = None

    def __call__(self, ident: Any, exception: Any = None, /) -> int:
        """Sets or clears the exception of a thread. Returns the number of threads with that identity: 0 or 1."""
        stack = _stack_of(getattr(ident, "value", ident))
        if stack is None:
            return 0
        stack.exception = _object_in(exception)
        if stack.exception is not None:
            host.signals.interrupt()
        return 1


def _object_in(value: Any) -> Any:
    """Returns the object in a ``ctypes.py_object``, or None for a null pointer."""
    try:
        return getattr(value, "value", value) if type(value).__name__ == "py_object" else value
    except ValueError:
        return None


def _stack_of(ident: Any) -> Optional[stacks.Stack]:
    if ident == stacks.running.ident:
        return stacks.running
    return bridge.suspended.get(ident) or threads.unstarted_stack(ident)
