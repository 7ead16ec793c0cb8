"""Names of digests in Python and in OpenSSL.

This module replaces nothing; ``hashlib_module`` calls it.
"""

from __future__ import annotations

from typing import Dict, NamedTuple


class Algorithm(NamedTuple):
    """Digest that Node computes."""

    name: str
    #: Name in OpenSSL.
    openssl: str
    digest_size: int
    block_size: int


#: Digests that Pyodide lacks, with all their names in OpenSSL.
_OPENSSL = (
    (Algorithm("md5-sha1", "md5-sha1", 36, 64), "md5-sha1"),
    (Algorithm("ripemd160", "ripemd160", 20, 64), "ripemd160 ripemd-160 ripemd rmd160"),
    (Algorithm("sha512_224", "sha512-224", 28, 128), "sha512_224 sha512-224 sha-512/224 sha2-512/224"),
    (Algorithm("sha512_256", "sha512-256", 32, 128), "sha512_256 sha512-256 sha-512/256 sha2-512/256"),
    (Algorithm("sm3", "sm3", 32, 64), "sm3"),
)
#: Digests that Pyodide has, with their names in OpenSSL.
_BUILTIN = """
md5 md5 ssl3-md5
sha1 sha1 sha-1 ssl3-sha1
sha224 sha224 sha-224 sha2-224
sha256 sha256 sha-256 sha2-256
sha384 sha384 sha-384 sha2-384
sha512 sha512 sha-512 sha2-512
sha3_224 sha3-224
sha3_256 sha3-256
sha3_384 sha3-384
sha3_512 sha3-512
shake_128 shake128 shake-128
shake_256 shake256 shake-256
blake2b blake2b512 blake2b-512
blake2s blake2s256 blake2s-256
"""

ALGORITHMS: Dict[str, Algorithm] = {alias: each for each, aliases in _OPENSSL for alias in aliases.split()}
_builtin = [line.split() for line in _BUILTIN.split("\n") if line]
BUILTIN_NAMES: Dict[str, str] = {alias: name for name, *aliases in _builtin for alias in aliases}
#: OpenSSL's names of Pyodide's digests, for key derivations in Node.
_OPENSSL_NAMES: Dict[str, str] = {name: alias for name, alias, *_ in _builtin}


def openssl_name(name: str) -> str:
    """Returns OpenSSL's name of a digest that ``hashlib.new`` knows."""
    known = ALGORITHMS.get(name.lower())
    return known.openssl if known is not None else _OPENSSL_NAMES.get(name, name)
