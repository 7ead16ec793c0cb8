"""Own certificates of a context, which ``SSLContext.load_cert_chain`` loads: one for each kind of key.

The module belongs to ``context``, which passes them to Node. Node parses keys and certificates.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from . import trust_store

#: Maximum number of bytes of a password in OpenSSL.
_LONGEST = 1024


class Identity:
    """Loaded chains with their keys, by the kind of the key. Immutable."""

    def __init__(self, chains: Optional[Dict[str, Tuple[str, str, Optional[str]]]] = None) -> None:
        self._chains = chains or {}

    def with_files(self, certfile: Any, keyfile: Any, password: Any) -> Identity:
        """Returns a copy with the contents of the files added. Raises the errors of CPython for unusable files."""
        if certfile is None:
            raise TypeError("certfile should be a valid filesystem path")
        if password is not None and not callable(password):
            _checked(password, "password should be a string or callable")
        with open(certfile, encoding="latin-1") as file:
            chain = file.read()
        key = chain
        if keyfile is not None:
            with open(keyfile, encoding="latin-1") as file:
                key = file.read()
        certificate = trust_store.first_certificate(chain)
        if certificate is None or "PRIVATE KEY-----" not in key:
            raise trust_store.pem_error()
        passphrase = None
        if password is not None and "ENCRYPTED" in key:
            answer = password() if callable(password) else password
            passphrase = _checked(answer, "password callback must return a string" if callable(password) else "")
        return Identity({**self._chains, certificate.key_kind: (chain, key, passphrase)})

    def settings(self) -> Dict[str, Any]:
        """Returns the settings for Node."""
        chains = self._chains.values()
        keys = [{"pem": key, "passphrase": passphrase or ""} for _, key, passphrase in chains]
        return {"certificateChains": [chain for chain, _, _ in chains], "keys": keys}


def _checked(password: Any, refusal: str) -> str:
    if isinstance(password, str):
        password = password.encode()
    if not isinstance(password, (bytes, bytearray)):
        raise TypeError(refusal)
    if len(password) > _LONGEST:
        raise ValueError(f"password cannot be longer than {_LONGEST} bytes")
    return bytes(password).decode("utf-8")
