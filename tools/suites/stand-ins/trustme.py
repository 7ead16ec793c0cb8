"""Replaces ``trustme``, which needs ``cryptography``, on both sides.

Uses certificates that ``run.ts`` made before.
"""

import contextlib
import os
import ssl
import tempfile
from pathlib import Path

_FOLDER = Path(os.environ["SUITES_CERTIFICATES"])


class Blob:
    def __init__(self, data):
        self._data = data

    def bytes(self):
        return self._data

    def write_to_path(self, path, append=False):
        with open(path, "ab" if append else "wb") as file:
            file.write(self._data)

    @contextlib.contextmanager
    def tempfile(self, dir=None):
        descriptor, path = tempfile.mkstemp(suffix=".pem", dir=dir)
        os.write(descriptor, self._data)
        os.close(descriptor)
        try:
            yield path
        finally:
            os.unlink(path)


class LeafCert:
    def __init__(self, name):
        key, certificate = (_FOLDER / f"{name}.key").read_bytes(), (_FOLDER / f"{name}.pem").read_bytes()
        self.private_key_pem = Blob(key)
        self.cert_chain_pems = [Blob(certificate)]
        self.private_key_and_cert_chain_pem = Blob(key + certificate)

    def configure_cert(self, context):
        with self.private_key_and_cert_chain_pem.tempfile() as path:
            context.load_cert_chain(path)


class CA:
    """Issues the same certificate each time: for localhost, example.org and this machine's addresses."""

    def __init__(self, **_):
        self.cert_pem = Blob((_FOLDER / "ca.pem").read_bytes())

    def issue_cert(self, *identities, common_name=None, **_):
        return LeafCert("leaf" if identities else "nameless")

    issue_server_cert = issue_cert

    def configure_trust(self, context):
        if not isinstance(context, ssl.SSLContext):
            raise TypeError("an SSLContext is expected")
        context.load_verify_locations(cadata=self.cert_pem.bytes().decode())
