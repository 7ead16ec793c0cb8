"""``hashlib.pbkdf2_hmac`` and ``hashlib.scrypt``: derive keys from passwords.

They belong to ``hashlib_module``. Node derives a key in a separate thread while other stacks run, as other threads do
under CPython. If the caller cannot be suspended, Node derives the key synchronously.
"""

from __future__ import annotations

import hashlib
import operator
from typing import Any, Callable, Optional

from ..._border import bridge, host
from ..._border.javascript import bytes_of
from .algorithms import openssl_name

_MAX_INT = 2**31 - 1
#: Largest parameter of scrypt that Node accepts. OpenSSL rejects much smaller ones because of their memory.
_MAX_PARAMETER = 2**32 - 1


def pbkdf2_hmac(hash_name: str, password: Any, salt: Any, iterations: int, dklen: Optional[int] = None) -> bytes:
    """Password based key derivation function 2 (PKCS #5 v2.0) with HMAC as pseudorandom function."""
    if not isinstance(hash_name, str):
        raise TypeError(f"pbkdf2_hmac() argument 'hash_name' must be str, not {type(hash_name).__name__}")
    secret, grain = _bytes(password), _bytes(salt)
    count = operator.index(iterations)
    digest = hashlib.new(hash_name)
    if count < 1:
        raise ValueError("iteration value must be greater than 0.")
    if count > _MAX_INT:
        raise OverflowError("iteration value is too great.")
    size = digest.digest_size if dklen is None else operator.index(dklen)
    if digest.digest_size == 0:
        raise ValueError(f"[digital envelope routines] xof digests not allowed: {hash_name}")
    if size < 1:
        raise ValueError("key length must be greater than 0.")
    if size > _MAX_INT:
        raise OverflowError("key length is too great.")
    algorithm = openssl_name(digest.name)
    return _derived(lambda event: host.hashes.pbkdf2(event, algorithm, secret, grain, count, size))


def scrypt(password: Any, *, salt: Any, n: int, r: int, p: int, maxmem: int = 0, dklen: int = 64) -> bytes:
    """Password-based key derivation function."""
    secret, grain = _bytes(password), _bytes(salt)
    cost, block, parallel = (_unsigned(name, value) for name, value in (("n", n), ("r", r), ("p", p)))
    limit, size = operator.index(maxmem), operator.index(dklen)
    if cost < 2 or cost & (cost - 1):
        raise ValueError("n must be a power of 2.")
    if not 0 <= limit <= _MAX_INT:
        raise ValueError(f"maxmem must be positive and smaller than {_MAX_INT}")
    if not 1 <= size <= _MAX_INT:
        raise ValueError(f"dklen must be greater than 0 and smaller than {_MAX_INT}")
    if block == 0 or parallel == 0:
        raise ValueError("Invalid parameter combination for n, r, p, maxmem.")
    if max(cost, block, parallel) > _MAX_PARAMETER:
        raise ValueError("[digital envelope routines] memory limit exceeded")
    return _derived(lambda event: host.hashes.scrypt(event, secret, grain, cost, block, parallel, limit, size))


def _unsigned(name: str, value: Any) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"scrypt() argument {name!r} must be int, not {type(value).__name__}") from None
    if number < 0:
        raise ValueError(f"scrypt() argument {name!r} must not be negative")
    return number


def _bytes(data: Any) -> Any:
    """Converts a bytes-like argument for the host."""
    try:
        return bytes_of(memoryview(data))
    except TypeError:
        raise TypeError(f"a bytes-like object is required, not {type(data).__name__!r}") from None


def _derived(begin: Callable[[int], None]) -> bytes:
    event = bridge.new_event() if bridge.can_wait() else 0
    begin(event)
    try:
        if event != 0:
            bridge.wait_event(event)
    finally:
        key = host.hashes.take_key(event)  # also if the wait was stopped, since no other caller takes the key
    if isinstance(key, str):
        raise ValueError(key)
    return key.to_bytes()  # type: ignore[no-any-return]
