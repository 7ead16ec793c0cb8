"""Digest that Node computes, with the interface of OpenSSL's digests under CPython.

It belongs to ``hashlib_module``. The host keeps the state, which lives as long as the object.
"""

from __future__ import annotations

from typing import Any, NoReturn

from ..._border import host
from ..._border.javascript import bytes_of
from .algorithms import Algorithm

#: Maximum number of bytes that are copied to JavaScript in one call.
_CHUNK_BYTES = 1 << 20


class HASH:
    """A hash is an object used to calculate a checksum of a string of information."""

    __module__ = "_hashlib"
    __slots__ = ("__weakref__", "_algorithm", "_number")

    _algorithm: Algorithm
    _number: int

    def __init__(self, *args: Any, **options: Any) -> None:
        raise TypeError("cannot create '_hashlib.HASH' instances")

    @classmethod
    def _of(cls, algorithm: Algorithm, number: int) -> HASH:
        self = cls.__new__(cls)
        self._algorithm, self._number = algorithm, number
        return self

    @property
    def name(self) -> str:
        return self._algorithm.name

    @property
    def digest_size(self) -> int:
        return self._algorithm.digest_size

    @property
    def block_size(self) -> int:
        return self._algorithm.block_size

    def update(self, data: Any, /) -> None:
        """Update this hash object's state with the provided string."""
        view = viewed(data)
        for start in range(0, len(view), _CHUNK_BYTES):
            host.hashes.update(self._number, bytes_of(view[start : start + _CHUNK_BYTES]))

    def digest(self) -> bytes:
        """Return the digest value as a bytes object."""
        return host.hashes.digest(self._number).to_bytes()  # type: ignore[no-any-return]

    def hexdigest(self) -> str:
        """Return the digest value as a string of hexadecimal digits."""
        return self.digest().hex()

    def copy(self) -> HASH:
        """Return a copy of the hash object."""
        return HASH._of(self._algorithm, host.hashes.copy(self._number))

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot pickle '_hashlib.HASH' object")

    def __repr__(self) -> str:
        return f"<{self.name} _hashlib.HASH object @ {id(self):#x}>"

    def __del__(self) -> None:
        number = getattr(self, "_number", None)
        if number is not None and host.is_connected:
            host.hashes.close(number)


def viewed(data: Any) -> memoryview:
    """Returns the bytes of an argument. Raises the errors of CPython's digests."""
    if isinstance(data, str):
        raise TypeError("Strings must be encoded before hashing")
    try:
        view = memoryview(data)
    except TypeError:
        raise TypeError("object supporting the buffer API required") from None
    if not view.c_contiguous:
        raise BufferError("memoryview: underlying buffer is not C-contiguous")
    if view.ndim > 1:
        raise BufferError("Buffer must be single dimension")
    return view.cast("B")
