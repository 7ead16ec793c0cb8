"""Private key, encrypted with the password of the test suite of httpx. ``run.ts`` makes its file."""

import os
from pathlib import Path


class Encoding:
    PEM = "PEM"


class PrivateFormat:
    TraditionalOpenSSL = "TraditionalOpenSSL"


def BestAvailableEncryption(password):  # noqa: N802 -- the name is that of cryptography
    return password


class _Key:
    def private_bytes(self, encoding, format, encryption_algorithm):
        assert encryption_algorithm == b"password"
        return (Path(os.environ["SUITES_CERTIFICATES"]) / "leaf.encrypted.key").read_bytes()


def load_pem_private_key(data, password=None, backend=None):
    return _Key()
