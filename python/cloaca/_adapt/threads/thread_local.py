"""``threading.local``: each stack has its own attributes.

Pyodide's ``_thread._local`` (seen in 314.0.7) gives all stacks the same attributes. This module is ``_threading_local``
of the standard library with a faster way to find the attributes of the running stack. Can be deleted when Pyodide's
class works per stack.

Proved by ``python/tests/stdlib/test_threading_local.py``.
"""

from __future__ import annotations

import _threading_local
import weakref
from typing import Any

from ..._border import stacks

_get = object.__getattribute__
_set = object.__setattr__


class _Attributes(_threading_local._localimpl):
    """Attributes of all stacks. ``owner`` is the number of the stack whose attributes are in ``holder``."""

    __slots__ = ("holder", "owner")

    holder: weakref.ref[local]
    owner: int


class local:
    """Thread-local data: each thread has its own attributes."""

    __slots__ = ("_local__impl", "__dict__", "__weakref__")
    __module__ = "_thread"
    __qualname__ = "_local"

    def __new__(cls, /, *args: Any, **kw: Any) -> local:
        if (args or kw) and cls.__init__ is object.__init__:
            raise TypeError("Initialization arguments are not supported")
        self = object.__new__(cls)
        impl: Any = _Attributes()
        impl.localargs = (args, kw)
        _set(self, "_local__impl", impl)
        _set(self, "__dict__", impl.create_dict())
        impl.owner = stacks.running.ident
        impl.holder = weakref.ref(self)
        return self

    def __getattribute__(self, name: str) -> Any:
        impl = _get(self, "_local__impl")
        while impl.owner != stacks.running.ident:
            _switch(self, impl)
        return _get(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "__dict__":
            raise AttributeError(f"{type(self).__name__!r} object attribute '__dict__' is read-only")
        impl = _get(self, "_local__impl")
        while impl.owner != stacks.running.ident:
            _switch(self, impl)
        _set(self, name, value)

    def __delattr__(self, name: str) -> None:
        if name == "__dict__":
            raise AttributeError(f"{type(self).__name__!r} object attribute '__dict__' is read-only")
        impl = _get(self, "_local__impl")
        while impl.owner != stacks.running.ident:
            _switch(self, impl)
        object.__delattr__(self, name)


def _switch(self: local, impl: Any) -> None:
    """Installs the attributes of the running stack, and creates them if the stack has none yet.

    A script's ``__init__`` can wait, and then the attributes of another stack can be installed. Callers therefore check
    again.
    """
    impl.owner = stacks.running.ident
    try:
        _set(self, "__dict__", impl.get_dict())
    except KeyError:
        _set(self, "__dict__", impl.create_dict())
        args, kw = impl.localargs
        self.__init__(*args, **kw)  # type: ignore[misc]


def _forget(stack: stacks.Stack) -> None:
    """Deletes the attributes of a stack that ends. Their finalizers run on that stack, and can wait."""
    for name, attributes_of in list(vars(stack).items()):
        impl = attributes_of() if name.startswith("_threading_local") else None
        # ``_threading_local.local`` itself, when a script uses it, does this later.
        if not isinstance(impl, _Attributes):
            continue
        holder = impl.holder()
        if impl.owner == stack.ident and holder is not None:
            impl.owner = 0
            _set(holder, "__dict__", {})
        _, attributes = impl.dicts[id(stack)]
        attributes.clear()


def prepare() -> None:
    stacks.ended = _forget
    _threading_local.current_thread = stacks.current  # type: ignore[attr-defined]
