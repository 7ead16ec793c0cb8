"""Base classes of the public classes, which are final, take no other attributes, and cannot be pickled or copied.

The public classes behave like classes of a C extension. Each of them extends `Sealed`, or `Unbuildable` if only the
package may create its instances, and lists its slots.
"""

from __future__ import annotations

from typing import Any, Iterable, NoReturn, Type, TypeVar

T = TypeVar("T")


class Sealed:
    """Base of a class that cannot be extended, pickled or copied, and whose instances take no other attributes."""

    __slots__ = ()

    def __init_subclass__(cls, is_own: bool = False) -> None:
        for base in cls.__bases__:
            # Programs can extend only the two classes of this file. The package also extends some of its own.
            if not is_own and issubclass(base, Sealed) and base.__module__ != __name__:
                raise TypeError(f"type 'cloaca.{base.__name__}' is not an acceptable base type")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(f"cannot pickle 'cloaca.{type(self).__name__}' object")


class Unbuildable(Sealed):
    """Base of a sealed class whose constructor programs cannot call. The package creates its instances with `new`."""

    __slots__ = ()

    def __new__(cls, *args: object, **kwargs: object) -> Any:
        raise TypeError(f"No constructor defined for {cls.__name__}")


def new(kind: Type[T]) -> T:
    """Returns an instance of an unbuildable class with empty slots."""
    return object.__new__(kind)


def rebadge(exports: Iterable[Any], module: str = "cloaca") -> None:
    """Sets the module of exports, so that tracebacks show ``cloaca.Context`` instead of a private module."""
    for export in exports:
        export.__module__ = module
