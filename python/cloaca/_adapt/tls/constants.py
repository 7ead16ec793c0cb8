"""Numbers and object identifiers of OpenSSL 3, as in CPython's ``_ssl``.

Pyodide's stub (seen in 314.0.7) has wrong values: options with other meanings, alerts that are simply numbered, and one
invented object identifier. Can be deleted when Pyodide has OpenSSL.

Proved by ``python/tests/stdlib/test_ssl.py``.
"""

from __future__ import annotations

import _ssl
from typing import Any, Tuple

_NUMBERS = {
    "OP_ALL": 0x80000050,
    "OP_ENABLE_KTLS": 0x8,
    "OP_ENABLE_MIDDLEBOX_COMPAT": 0x100000,
    "OP_IGNORE_UNEXPECTED_EOF": 0x80,
    "OP_NO_RENEGOTIATION": 0x40000000,
    "OP_NO_SSLv2": 0,
    "OP_SINGLE_DH_USE": 0,
    "OP_SINGLE_ECDH_USE": 0,
    "VERIFY_ALLOW_PROXY_CERTS": 0x40,
    "HOSTFLAG_ALWAYS_CHECK_SUBJECT": 0x1,
    "HOSTFLAG_NO_WILDCARDS": 0x2,
    "HOSTFLAG_NO_PARTIAL_WILDCARDS": 0x4,
    "HOSTFLAG_MULTI_LABEL_WILDCARDS": 0x8,
    "HOSTFLAG_SINGLE_LABEL_SUBDOMAINS": 0x10,
    "HOSTFLAG_NEVER_CHECK_SUBJECT": 0x20,
    "ENCODING_DER": 2,
    "ALERT_DESCRIPTION_RECORD_OVERFLOW": 22,
    "ALERT_DESCRIPTION_DECOMPRESSION_FAILURE": 30,
    "ALERT_DESCRIPTION_UNSUPPORTED_CERTIFICATE": 43,
    "ALERT_DESCRIPTION_CERTIFICATE_REVOKED": 44,
    "ALERT_DESCRIPTION_DECODE_ERROR": 50,
    "ALERT_DESCRIPTION_DECRYPT_ERROR": 51,
    "ALERT_DESCRIPTION_INSUFFICIENT_SECURITY": 71,
    "ALERT_DESCRIPTION_CERTIFICATE_UNOBTAINABLE": 111,
    "ALERT_DESCRIPTION_BAD_CERTIFICATE_STATUS_RESPONSE": 113,
    "ALERT_DESCRIPTION_BAD_CERTIFICATE_HASH_VALUE": 114,
    "ALERT_DESCRIPTION_UNKNOWN_PSK_IDENTITY": 115,
    "HAS_TLSv1_3": True,
    "HAS_ECDH": True,
    "HAS_PSK": False,
    "HAS_TLS_UNIQUE": True,
    "OPENSSL_VERSION_NUMBER": 0x30500000,
}

#: Number, short name, long name and identifier of the objects that are most common in certificates and purposes.
_OBJECTS = (
    (13, "CN", "commonName", "2.5.4.3"),
    (14, "C", "countryName", "2.5.4.6"),
    (15, "L", "localityName", "2.5.4.7"),
    (16, "ST", "stateOrProvinceName", "2.5.4.8"),
    (17, "O", "organizationName", "2.5.4.10"),
    (18, "OU", "organizationalUnitName", "2.5.4.11"),
    (48, "emailAddress", "emailAddress", "1.2.840.113549.1.9.1"),
    (82, "subjectKeyIdentifier", "X509v3 Subject Key Identifier", "2.5.29.14"),
    (83, "keyUsage", "X509v3 Key Usage", "2.5.29.15"),
    (85, "subjectAltName", "X509v3 Subject Alternative Name", "2.5.29.17"),
    (87, "basicConstraints", "X509v3 Basic Constraints", "2.5.29.19"),
    (90, "authorityKeyIdentifier", "X509v3 Authority Key Identifier", "2.5.29.35"),
    (126, "extendedKeyUsage", "X509v3 Extended Key Usage", "2.5.29.37"),
    (129, "serverAuth", "TLS Web Server Authentication", "1.3.6.1.5.5.7.3.1"),
    (130, "clientAuth", "TLS Web Client Authentication", "1.3.6.1.5.5.7.3.2"),
    (131, "codeSigning", "Code Signing", "1.3.6.1.5.5.7.3.3"),
    (132, "emailProtection", "E-mail Protection", "1.3.6.1.5.5.7.3.4"),
    (133, "timeStamping", "Time Stamping", "1.3.6.1.5.5.7.3.8"),
    (178, "OCSP", "OCSP", "1.3.6.1.5.5.7.48.1"),
    (179, "caIssuers", "CA Issuers", "1.3.6.1.5.5.7.48.2"),
    (180, "OCSPSigning", "OCSP Signing", "1.3.6.1.5.5.7.3.9"),
)

Object = Tuple[int, str, str, str]


def prepare() -> None:
    """Corrects the constants of ``_ssl``, from which ``ssl`` creates its enumerations when it is loaded."""
    for name, number in _NUMBERS.items():
        setattr(_ssl, name, number)
    _ssl.OPENSSL_VERSION = "OpenSSL 3.5.0 (through Node)"  # type: ignore[misc]
    _ssl.OPENSSL_VERSION_INFO = _ssl._OPENSSL_API_VERSION = (3, 5, 0, 0, 0)  # type: ignore[misc]
    _ssl.txt2obj, _ssl.nid2obj = txt2obj, nid2obj


def txt2obj(txt: str, name: bool = False) -> Object:
    """Lookup NID, short name, long name and OID of an ASN1_OBJECT."""
    for each in _OBJECTS:
        if txt == each[3] or (name and txt in each[1:3]):
            return each
    raise ValueError(f"unknown object '{txt:.100}'")


def nid2obj(nid: int, /) -> Object:
    """Lookup NID, short name, long name and OID of an ASN1_OBJECT by NID."""
    if nid < 0:
        raise ValueError("NID must be positive")
    for each in _OBJECTS:
        if each[0] == nid:
            return each
    raise ValueError(f"unknown NID {nid}")


def prepare_objects(ssl: Any) -> None:
    """Installs the purposes in ``ssl``, and the class that looks up identifiers."""

    class _ASN1Object(ssl._ASN1Object.__base__):  # type: ignore[misc]
        """ASN.1 object identifier lookup"""

        __module__ = "ssl"
        __slots__ = ()

        def __new__(cls, oid: str) -> Any:
            return super().__new__(cls, *txt2obj(oid, name=False))

        @classmethod
        def fromnid(cls, nid: int) -> Any:
            """Create _ASN1Object from OpenSSL numeric ID"""
            return super().__new__(cls, *nid2obj(nid))

        @classmethod
        def fromname(cls, name: str) -> Any:
            """Create _ASN1Object from short name, long name or OID"""
            return super().__new__(cls, *txt2obj(name, name=True))

    class Purpose(_ASN1Object, ssl._Enum):  # type: ignore[misc]
        """SSLContext purpose flags with X509v3 Extended Key Usage objects"""

        __module__ = "ssl"
        SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
        CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"

    for function in (ssl.create_default_context, ssl._create_unverified_context):
        if "purpose" in (function.__kwdefaults__ or {}):
            function.__kwdefaults__["purpose"] = Purpose.SERVER_AUTH
        else:
            function.__defaults__ = (Purpose.SERVER_AUTH,)
    for kind in (_ASN1Object, Purpose):
        kind.__qualname__ = kind.__name__
        setattr(ssl, kind.__name__, kind)
