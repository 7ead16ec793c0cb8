"""``hashlib`` with the functions that CPython takes from OpenSSL.

These are ``pbkdf2_hmac``, ``scrypt``, RIPEMD-160, SM3, SHA-512/224 and SHA-512/256. Pyodide (seen in 314.0.7) has only
CPython's own digests. The others, and OpenSSL's additional names for all digests, come from Node's crypto. The module
``_hashlib`` itself is still missing, because CPython's own digests need no copy. Can be deleted when Pyodide's Python
has ``_hashlib``.

Proved by ``python/tests/stdlib/test_hashlib.py``.
"""

from __future__ import annotations

import hashlib
from typing import Any

from ..._border import host
from ..builtin import builtin
from . import key_derivation
from .algorithms import ALGORITHMS, BUILTIN_NAMES
from .digest import HASH, viewed

_bundled_new = hashlib.new


def prepare() -> None:
    hashlib.new = new
    hashlib.algorithms_available = {*hashlib.algorithms_available, *(each.name for each in ALGORITHMS.values())}
    for function in (key_derivation.pbkdf2_hmac, key_derivation.scrypt):
        setattr(hashlib, function.__name__, builtin(function, "_hashlib"))
    module: Any = hashlib
    module.__all__ += ("pbkdf2_hmac", "scrypt")


def new(name: str, *args: Any, **options: Any) -> Any:
    """Return a new hashing object using the named algorithm; optionally initialized with data (which must be
    a bytes-like object).
    """
    if not isinstance(name, str):
        raise TypeError("name must be a string")
    alias = name.lower()
    algorithm = ALGORITHMS.get(alias)
    if algorithm is None:
        known = name if name in hashlib.algorithms_available else BUILTIN_NAMES.get(alias, name)
        return _bundled_new(known, *args, **options)
    data = _data(*args, **options)
    view = viewed(b"" if data is None else data)
    number = host.hashes.open(algorithm.openssl)
    if number is None:
        raise ValueError(f"unsupported hash type {name}")
    digest = HASH._of(algorithm, number)
    digest.update(view)
    return digest


def _data(data: Any = None, /, *, usedforsecurity: bool = True, **named: Any) -> Any:
    """Returns the initial data of a hash: the positional argument, or the one with either of its two names."""
    given = [data] if data is not None else []
    given += [named.pop(name) for name in ("data", "string") if name in named]
    if named:
        raise TypeError(f"new() got an unexpected keyword argument {next(iter(named))!r}")
    if len(given) > 1:
        raise TypeError("new() got its data more than once: pass it by position, as `data` or as `string`")
    return given[0] if given else None
