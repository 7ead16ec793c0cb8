"""Makes ``ssl`` of the standard library use the TLS of Node.

``prepare`` is called after that of the sockets, and before other modules are imported. Seen with Pyodide 314.0.7. Can
be deleted when Pyodide has OpenSSL.

Proved by ``python/tests/stdlib/test_ssl.py``.
"""

from __future__ import annotations

import _ssl
import importlib
import ssl
from typing import Any

from .. import readiness
from . import constants, errors
from .certificate import Certificate

_DEFAULT_TIMEOUT = object()


def prepare() -> None:
    _ssl.SSLCertVerificationError = errors.SSLCertVerificationError  # type: ignore[misc,assignment]
    readiness.errors_by_prefix["ERR_SSL_UNEXPECTED_EOF_"] = lambda reason: errors.unexpected_end()
    readiness.errors_by_prefix["ERR_SSL_"] = errors.ssl_error
    _ssl.SSLError.__module__ = "ssl"
    _ssl.SSLError.__str__ = errors.shown  # type: ignore[method-assign,assignment]
    for kind in ("ZeroReturn", "WantRead", "WantWrite", "Syscall", "EOF"):
        getattr(_ssl, f"SSL{kind}Error").__module__ = "ssl"
    constants.prepare()
    _ssl.get_default_verify_paths = _default_verify_paths
    _ssl._test_decode_cert = _decode_file  # type: ignore[attr-defined]
    importlib.reload(ssl)
    constants.prepare_objects(ssl)
    from .context import SSLContext
    from .session import SSLSession
    from .ssl_object import MemoryBIO, SSLObject
    from .ssl_socket import SSLSocket

    ssl.SSLContext = SSLContext  # type: ignore[misc]
    ssl.SSLSocket = SSLSocket  # type: ignore[misc,assignment]
    ssl.SSLObject = SSLObject  # type: ignore[misc,assignment]
    ssl.SSLSession = _ssl.SSLSession = SSLSession  # type: ignore[misc,assignment]
    ssl.SSLContext.sslsocket_class = ssl.SSLSocket
    ssl.SSLContext.sslobject_class = ssl.SSLObject
    ssl.MemoryBIO = MemoryBIO  # type: ignore[misc]
    ssl.HAS_NEVER_CHECK_COMMON_NAME = True  # type: ignore[misc]
    ssl._OPENSSL_API_VERSION = _ssl._OPENSSL_API_VERSION  # type: ignore[misc]
    ssl.get_server_certificate = get_server_certificate


def _default_verify_paths() -> tuple[str, str, str, str]:
    return ("SSL_CERT_FILE", "/usr/lib/ssl/cert.pem", "SSL_CERT_DIR", "/etc/ssl/certs")


def _decode_file(path: Any, /) -> Any:
    """Returns the certificate in a PEM file, in the form of ``getpeercert``."""
    with open(path, encoding="latin-1") as file:
        text = file.read()
    start, end = text.index(ssl.PEM_HEADER), text.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)
    return Certificate(ssl.PEM_cert_to_DER_cert(text[start:end])).as_dict()


def get_server_certificate(
    addr: Any, ssl_version: Any = None, ca_certs: Any = None, timeout: Any = _DEFAULT_TIMEOUT
) -> str:
    """Retrieve the certificate from the server at the specified address, as a PEM-encoded string."""
    import socket

    host, port = addr
    required = ssl.CERT_NONE if ca_certs is None else ssl.CERT_REQUIRED
    version = ssl.PROTOCOL_TLS_CLIENT if ssl_version is None else ssl_version
    context = ssl._create_stdlib_context(version, cert_reqs=required, cafile=ca_certs)  # type: ignore[attr-defined]
    limit = {} if timeout is _DEFAULT_TIMEOUT else {"timeout": timeout}
    with socket.create_connection((host, port), **limit) as plain:
        with context.wrap_socket(plain, server_hostname=host) as secured:
            return ssl.DER_cert_to_PEM_cert(secured.getpeercert(True))
