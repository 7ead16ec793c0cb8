"""Makes a Python function take the place of one of C.

A function of Python that is kept in a class becomes a method, one of C does not: ``class Waiter: pause = time.sleep``.
"""

from __future__ import annotations

import sys
import types
from typing import Any, Callable


class _Builtin(staticmethod):  # type: ignore[type-arg]
    """Shows itself as what it stands for."""

    __slots__ = ()

    @property  # type: ignore[misc]  # ``isinstance`` asks for it, and with that ``inspect.isbuiltin``
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
    """The function, as something that does not become a method and says that it is ``module.name``."""
    function.__module__ = module
    function.__name__ = function.__qualname__ = name or function.__name__
    return _Builtin(function)
