"""Makes a Python function take the place of one of C.

A function of Python that is kept in a class becomes a method, one of C does not: ``class Waiter: pause = time.sleep``.
"""

from __future__ import annotations

from typing import Any, Callable, Optional


def builtin(function: Callable[..., Any], module: Optional[str] = None) -> Any:
    """The function, as something that does not become a method; it says that it is from ``module`` if one is given."""
    if module is not None:
        function.__module__ = module
    return staticmethod(function)
