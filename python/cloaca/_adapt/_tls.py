"""Puts the TLS of Node under the standard library's ``ssl``.

``prepare`` is called after that of the sockets, and before
other modules are imported. Seen with Pyodide 314.0.7; can go when Pyodide has OpenSSL.
"""

from __future__ import annotations

import _ssl
import importlib
import ssl
from typing import Any

from . import _tls_errors

_DEFAULT_TIMEOUT = object()


def prepare() -> None:
    _ssl.SSLCertVerificationError = _tls_errors.SSLCertVerificationError  # type: ignore[misc,assignment]
    _ssl.SSLError.__module__ = "ssl"
    for kind in ("ZeroReturn", "WantRead", "WantWrite", "Syscall", "EOF"):
        getattr(_ssl, f"SSL{kind}Error").__module__ = "ssl"
    _ssl.HAS_TLSv1_3 = _ssl.HAS_ECDH = True  # type: ignore[attr-defined]
    _ssl.HAS_PSK = False  # type: ignore[attr-defined]
    _ssl.OPENSSL_VERSION = "OpenSSL 3.5.0 (through Node)"
    _ssl.OPENSSL_VERSION_INFO, _ssl.OPENSSL_VERSION_NUMBER = (3, 5, 0, 0, 0), 0x30500000
    _ssl.get_default_verify_paths = _default_verify_paths
    importlib.reload(ssl)
    from . import _tls_context, _tls_object, _tls_socket

    ssl.SSLContext = _tls_context.SSLContext  # type: ignore[misc]
    ssl.SSLSocket = _tls_socket.SSLSocket  # type: ignore[misc]
    ssl.SSLObject = _tls_object.SSLObject  # type: ignore[misc]
    ssl.SSLContext.sslsocket_class = ssl.SSLSocket
    ssl.SSLContext.sslobject_class = ssl.SSLObject
    ssl.MemoryBIO = _tls_object.MemoryBIO  # type: ignore[misc]
    ssl.HAS_NEVER_CHECK_COMMON_NAME = True
    ssl.get_server_certificate = get_server_certificate


def _default_verify_paths() -> tuple[str, str, str, str]:
    return ("SSL_CERT_FILE", "/usr/lib/ssl/cert.pem", "SSL_CERT_DIR", "/etc/ssl/certs")


def get_server_certificate(
    addr: Any, ssl_version: Any = None, ca_certs: Any = None, timeout: Any = _DEFAULT_TIMEOUT
) -> str:
    """Retrieve the certificate from the server at the specified address, as a PEM-encoded string."""
    import socket

    host, port = addr
    required = ssl.CERT_NONE if ca_certs is None else ssl.CERT_REQUIRED
    version = ssl.PROTOCOL_TLS_CLIENT if ssl_version is None else ssl_version
    context = ssl._create_stdlib_context(version, cert_reqs=required, cafile=ca_certs)
    limit = {} if timeout is _DEFAULT_TIMEOUT else {"timeout": timeout}
    with socket.create_connection((host, port), **limit) as plain:
        with context.wrap_socket(plain, server_hostname=host) as secured:
            return ssl.DER_cert_to_PEM_cert(secured.getpeercert(True))
