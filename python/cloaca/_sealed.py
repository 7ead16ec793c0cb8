"""What every public class is: final, without ad hoc attributes, neither picklable nor copyable.

Programs meet these classes as if they were compiled ones. Each public class extends `Sealed`, or `Unbuildable` when
only the package may make its instances, and lists its slots.
"""

from __future__ import annotations

from typing import Any, Iterable, NoReturn, Type, TypeVar

T = TypeVar("T")


class Sealed:
    """A class that cannot be extended, pickled or copied, and whose instances take no other attributes."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        for base in cls.__bases__:
            # The two classes of this file are there to be extended; what extends them is not.
            if issubclass(base, Sealed) and base.__module__ != __name__:
                raise TypeError(f"type 'cloaca.{base.__name__}' is not an acceptable base type")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(f"cannot pickle 'cloaca.{type(self).__name__}' object")


class Unbuildable(Sealed):
    """A sealed class that programs cannot call; the package makes its instances with `new`."""

    __slots__ = ()

    def __new__(cls, *args: object, **kwargs: object) -> Any:
        raise TypeError(f"No constructor defined for {cls.__name__}")


def new(kind: Type[T]) -> T:
    """An instance of an unbuildable class whose slots are still empty."""
    return object.__new__(kind)


def rebadge(exports: Iterable[Any], module: str = "cloaca") -> None:
    """Makes users meet ``cloaca.Context`` in messages and tracebacks, not the private module that holds it."""
    for export in exports:
        export.__module__ = module
