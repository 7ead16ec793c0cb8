"""``ctypes.pythonapi.PyThreadState_SetAsyncExc`` raises an exception in another thread.

CPython's function looks for the thread among those of the system, and Pyodide (seen in 314.0.7) has one for all of its
stacks: it found nothing, and a script that waited for the exception computed for ever. Here the exception is kept with
the stack, and raised as CPython raises it: between two steps of Python, and at the end of a wait, which it does not
shorten. Can go when Pyodide has threads.

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
    """The function of C: it has the attributes that scripts set on one, which change nothing here."""

    __name__ = _NAME
    argtypes: Any = None
    restype: Any = None
    errcheck: Any = None

    def __call__(self, ident: Any, exception: Any = None, /) -> int:
        """Has a thread raise an exception, or no longer; returns the number of threads with that identity: 0 or 1."""
        stack = _stack_of(getattr(ident, "value", ident))
        if stack is None:
            return 0
        stack.exception = _object_in(exception)
        if stack.exception is not None:
            host.signals.interrupt()
        return 1


def _object_in(value: Any) -> Any:
    """The object in a ``ctypes.py_object``; None for that of a null pointer."""
    try:
        return getattr(value, "value", value) if type(value).__name__ == "py_object" else value
    except ValueError:
        return None


def _stack_of(ident: Any) -> Optional[stacks.Stack]:
    if ident == stacks.running.ident:
        return stacks.running
    return bridge.suspended.get(ident) or threads.unstarted_stack(ident)
