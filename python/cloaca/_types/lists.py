"""Type of arguments that are lists of anything, for type checkers."""

from __future__ import annotations

from typing import Iterator, Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)


class ListOf(Protocol[T_co]):
    """List, tuple or another sequence, but not a str, which is a sequence of str to type checkers."""

    # ``str.__contains__`` accepts only str, so a str does not match this protocol.
    def __contains__(self, value: object, /) -> bool: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[T_co]: ...

    def __getitem__(self, index: int, /) -> T_co: ...
