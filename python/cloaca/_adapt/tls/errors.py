"""Exceptions of ``ssl`` for the errors that Node reports, with the texts of OpenSSL that CPython shows.

``SSLCertVerificationError`` is also a ``ValueError``, as under CPython, but not in Pyodide's stub (seen in 314.0.7).

Proved by ``python/tests/stdlib/test_ssl_connections.py``.
"""

from __future__ import annotations

import _ssl
import json
from typing import Optional

#: Numbers and texts of OpenSSL's verification results, by Node's names.
_VERIFICATION = {
    "UNABLE_TO_GET_ISSUER_CERT": (2, "unable to get issuer certificate"),
    "UNABLE_TO_GET_CRL": (3, "unable to get certificate CRL"),
    "CERT_SIGNATURE_FAILURE": (7, "certificate signature failure"),
    "CRL_SIGNATURE_FAILURE": (8, "CRL signature failure"),
    "CERT_NOT_YET_VALID": (9, "certificate is not yet valid"),
    "CERT_HAS_EXPIRED": (10, "certificate has expired"),
    "CRL_NOT_YET_VALID": (11, "CRL is not yet valid"),
    "CRL_HAS_EXPIRED": (12, "CRL has expired"),
    "DEPTH_ZERO_SELF_SIGNED_CERT": (18, "self-signed certificate"),
    "SELF_SIGNED_CERT_IN_CHAIN": (19, "self-signed certificate in certificate chain"),
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY": (20, "unable to get local issuer certificate"),
    # OpenSSL finds number 20 first. CPython stops there, while Node continues and reports this one.
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE": (20, "unable to get local issuer certificate"),
    "CERT_CHAIN_TOO_LONG": (22, "certificate chain too long"),
    "CERT_REVOKED": (23, "certificate revoked"),
    "INVALID_CA": (24, "invalid CA certificate"),
    "PATH_LENGTH_EXCEEDED": (25, "path length constraint exceeded"),
    "INVALID_PURPOSE": (26, "unsuitable certificate purpose"),
    "CERT_UNTRUSTED": (27, "certificate not trusted"),
    "CERT_REJECTED": (28, "certificate rejected"),
    "HOSTNAME_MISMATCH": (62, "Hostname mismatch, certificate is not valid for {name!r}."),
    "IP_ADDRESS_MISMATCH": (64, "IP address mismatch, certificate is not valid for {name!r}."),
}


def shown(error: _ssl.SSLError) -> str:
    """Returns ``str`` of an SSLError: its text, or all its arguments."""
    return error.strerror if isinstance(error.strerror, str) else str(error.args)


class SSLCertVerificationError(_ssl.SSLError, ValueError):
    """Raised if a certificate could not be verified."""

    __module__ = "ssl"
    verify_code: int
    verify_message: str


def verification_error(code: int, words: str) -> SSLCertVerificationError:
    """Returns the exception for a certificate that is rejected."""
    text = f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {words} (_ssl.c:1077)"
    error = SSLCertVerificationError(1, text)
    error.library, error.reason = "SSL", "CERTIFICATE_VERIFY_FAILED"
    error.verify_code, error.verify_message = code, words
    return error


def ssl_error(reason: str, library: str = "SSL", number: int = 1) -> _ssl.SSLError:
    """Returns an SSLError with OpenSSL's reason, such as ``WRONG_VERSION_NUMBER``."""
    words = reason.lower().replace("_", " ")
    reason = reason.replace("SSL/TLS_", "SSLV3_")  # the name is older than the words
    error = _ssl.SSLError(number, f"[{library}: {reason}] {words} (_ssl.c:1077)")
    error.library, error.reason = library, reason
    return error


def unexpected_end() -> _ssl.SSLEOFError:
    """Returns the exception for a connection that ended without a TLS close message."""
    words = "EOF occurred in violation of protocol (_ssl.c:1077)"
    error = _ssl.SSLEOFError(8, f"[SSL: UNEXPECTED_EOF_WHILE_READING] {words}")
    error.library, error.reason = "SSL", "UNEXPECTED_EOF_WHILE_READING"
    return error


def ended() -> _ssl.SSLZeroReturnError:
    """Returns the exception for a read after both sides have closed TLS."""
    return _ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed (EOF) (_ssl.c:2580)")


def error_of(report: str, server_name: Optional[str]) -> OSError:
    """Returns the exception for a handshake or a context that Node rejected."""
    import errno

    described = json.loads(report)
    code: str = described["code"]
    if code in _VERIFICATION:
        number, words = _VERIFICATION[code]
        return verification_error(number, words.format(name=server_name))
    if code == "UNEXPECTED_EOF" or (code == "ECONNRESET" and "before secure TLS" in described["message"]):
        return unexpected_end()
    system_number = getattr(errno, code, None)
    if isinstance(system_number, int):
        import os

        return OSError(system_number, os.strerror(system_number))
    reason = described["reason"] or code.removeprefix("ERR_SSL_").removeprefix("ERR_OSSL_") or described["message"]
    return ssl_error(str(reason).upper().replace(" ", "_"))
