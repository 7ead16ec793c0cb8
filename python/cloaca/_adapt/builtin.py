"""Replaces a C function of a module with a Python function.

A Python function that is stored in a class becomes a method, and a C function does not: ``class Waiter: pause =
time.sleep``.
"""

from __future__ import annotations

import sys
import types
from typing import Any, Callable


class _Builtin(staticmethod):  # type: ignore[type-arg]
    """Wrapper that looks like the built-in function that it replaces."""

    __slots__ = ()

    @property  # type: ignore[misc]  # for ``isinstance``, and so for ``inspect.isbuiltin``
    def __class__(self) -> type:
        return types.BuiltinFunctionType

    @property
    def __self__(self) -> Any:
        return sys.modules.get(self.__module__)

    def __repr__(self) -> str:
        return f"<built-in function {self.__name__}>"

    def __reduce__(self) -> str:
        return str(self.__name__)


def builtin(function: Callable[..., Any], module: str, name: str = "") -> Any:
    """Wraps a function so that it does not become a method and shows the name ``module.name``."""
    function.__module__ = module
    function.__name__ = function.__qualname__ = name or function.__name__
    return _Builtin(function)
