"""``ssl.SSLContext`` whose settings reach Node: authorities, certificates of its own, versions, ciphers, protocols.

Pyodide's stub (seen in 314.0.7) keeps settings as plain fields that nothing reads, and its connections accept every
certificate. Can go when Pyodide has OpenSSL.
"""

from __future__ import annotations

import errno
import json
import os
import re
import ssl
import warnings
from typing import Any, Dict, List, Optional

from . import _socket_door as door
from . import _tls_errors
from ._certificate import Certificate

_PEM = re.compile(r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----.+?-----END (?:TRUSTED )?CERTIFICATE-----", re.DOTALL)
_REVOCATIONS = re.compile(r"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")

_Stub = ssl.SSLContext


class SSLContext(_Stub):  # type: ignore[misc,valid-type]
    """An SSLContext holds various SSL-related configuration options and data,
    such as certificates and possibly a private key.
    """

    __module__ = "ssl"

    def __new__(cls, *args: Any, **options: Any) -> SSLContext:
        self = super().__new__(cls)
        self._authorities: List[str] = []
        self._revocations: List[str] = []
        self._default_authorities = "none"
        self._chain: Optional[str] = None
        self._key: Optional[str] = None
        self._passphrase: Optional[str] = None
        self._ciphers: Optional[str] = None
        self._protocols: List[str] = []
        self._number: Optional[int] = None
        self._key_of_number = ""
        return self

    # --- whom to trust ----------------------------------------------------------------------------------------------

    def load_verify_locations(self, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        if cafile is None and capath is None and cadata is None:
            raise TypeError("cafile, capath and cadata cannot be all omitted")
        if cadata is not None:
            self._add_data(cadata)
        if cafile is not None:
            with open(cafile, "rb") as file:
                text = file.read().decode("latin-1")
            if not self._add_pem(text):
                raise _tls_errors.ssl_error("NO_CERTIFICATE_OR_CRL_FOUND", library="X509", number=136)
        if capath is not None:
            self._add_folder(os.fspath(capath))

    def _add_data(self, data: Any) -> None:
        if isinstance(data, str):
            if not data.isascii():
                raise TypeError("cadata should be an ASCII string or a bytes-like object")
            if not self._add_pem(data):
                raise ssl.SSLError(0, "not enough data: cadata does not contain a certificate")
            return
        try:
            raw = bytes(memoryview(data))
        except TypeError:
            raise TypeError("cadata should be an ASCII string or a bytes-like object") from None
        found = _split_der(raw)
        if not found:
            raise ssl.SSLError(0, "not enough data: cadata does not contain a certificate")
        self._authorities += [ssl.DER_cert_to_PEM_cert(each) for each in found]

    def _add_pem(self, text: str) -> bool:
        certificates, revocations = _PEM.findall(text), _REVOCATIONS.findall(text)
        self._authorities += [each.replace("TRUSTED ", "") for each in certificates]
        self._revocations += revocations
        return bool(certificates or revocations)

    def _add_folder(self, folder: str) -> None:
        try:
            entries = sorted(os.listdir(folder))
        except OSError:
            return  # as OpenSSL: a folder is looked into when an authority is searched, and may be missing
        for entry in entries:
            if _HASHED.fullmatch(os.fsdecode(entry)):
                with open(os.path.join(folder, entry), encoding="latin-1") as file:
                    self._add_pem(file.read())

    def load_default_certs(self, purpose: Any = ssl.Purpose.SERVER_AUTH) -> None:
        if not isinstance(purpose, ssl._ASN1Object):
            raise TypeError(purpose)
        self.set_default_verify_paths()

    def set_default_verify_paths(self) -> None:
        """The files that SSL_CERT_FILE and SSL_CERT_DIR name, else the system's; always NODE_EXTRA_CA_CERTS."""
        file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        if file:
            try:
                with open(file, encoding="latin-1") as opened:
                    self._add_pem(opened.read())
            except OSError:
                pass  # as OpenSSL: a default that does not exist trusts nobody
        for each in (folder or "").split(os.pathsep):
            if each:
                self._add_folder(each)
        self._default_authorities = "extra" if file and folder else "all"

    def get_ca_certs(self, binary_form: bool = False) -> List[Any]:
        texts = list(self._authorities)
        if self._default_authorities != "none":
            texts += _PEM.findall(str(door.sockets.default_authorities(self._default_authorities)))
        found: Dict[bytes, None] = dict.fromkeys(ssl.PEM_cert_to_DER_cert(text) for text in texts)
        authorities = [der for der in found if Certificate(der).is_authority]
        return authorities if binary_form else [Certificate(der).as_dict() for der in authorities]

    def cert_store_stats(self) -> Dict[str, int]:
        distinct = {ssl.PEM_cert_to_DER_cert(text) for text in self._authorities}
        if self._default_authorities != "none":
            distinct.update(self.get_ca_certs(binary_form=True))
        count = sum(Certificate(der).is_authority for der in distinct)
        return {"x509": len(distinct), "crl": len(self._revocations), "x509_ca": count}

    # --- who we are -------------------------------------------------------------------------------------------------

    def load_cert_chain(self, certfile: Any, keyfile: Any = None, password: Any = None) -> None:
        if certfile is None:
            raise TypeError("certfile should be a valid filesystem path")
        with open(certfile, encoding="latin-1") as file:
            chain = file.read()
        key = chain
        if keyfile is not None:
            with open(keyfile, encoding="latin-1") as file:
                key = file.read()
        if not _PEM.search(chain) or "PRIVATE KEY-----" not in key:
            raise ssl.SSLError(9, "[SSL] PEM lib (_ssl.c:4179)")
        before = self._chain, self._key, self._passphrase
        self._chain, self._key, self._passphrase = chain, key, _passphrase(password)
        try:
            self.host_context()
        except ssl.SSLError:
            self._chain, self._key, self._passphrase = before
            raise

    # --- how --------------------------------------------------------------------------------------------------------

    def set_ciphers(self, ciphers: str) -> None:
        super().set_ciphers(ciphers)
        before, self._ciphers = self._ciphers, ciphers
        try:
            self.host_context()
        except ssl.SSLError:
            self._ciphers = before
            raise ssl.SSLError(
                "No cipher can be selected.",
            ) from None

    def get_ciphers(self) -> List[Dict[str, Any]]:
        return [{"name": name} for name in json.loads(door.sockets.ciphers(self.host_context()))]

    def set_alpn_protocols(self, alpn_protocols: Any) -> None:
        protocols = list(alpn_protocols)
        for protocol in protocols:
            if len(bytes(protocol, "ascii")) not in range(1, 256):
                raise ssl.SSLError("ALPN protocols must be 1 to 255 bytes long")
        self._protocols = protocols

    @property
    def protocols(self) -> List[str]:
        return self._protocols

    @property
    def verify_mode(self) -> Any:
        return ssl.VerifyMode(self._verify_mode)

    @verify_mode.setter
    def verify_mode(self, value: Any) -> None:
        _Stub.verify_mode.fset(self, value)  # type: ignore[attr-defined]

    @property
    def minimum_version(self) -> Any:
        return ssl.TLSVersion(self._minimum_version)

    @minimum_version.setter
    def minimum_version(self, value: Any) -> None:
        self._minimum_version = _version(value)

    @property
    def maximum_version(self) -> Any:
        return ssl.TLSVersion(self._maximum_version)

    @maximum_version.setter
    def maximum_version(self, value: Any) -> None:
        self._maximum_version = _version(value)

    @property
    def post_handshake_auth(self) -> bool:
        return bool(self.__dict__.get("_post_handshake_auth"))

    @post_handshake_auth.setter
    def post_handshake_auth(self, value: Any) -> None:
        self.__dict__["_post_handshake_auth"] = bool(value)

    @property
    def protocol(self) -> Any:
        return self._protocol

    @protocol.setter
    def protocol(self, value: int) -> None:
        self._protocol = ssl._SSLMethod(value)
        if self._protocol in (ssl.PROTOCOL_TLS, *(getattr(ssl, name) for name in _OLD_PROTOCOLS)):
            warnings.warn(f"{self._protocol!r} is deprecated", DeprecationWarning, stacklevel=4)

    def _versions(self) -> List[str]:
        """The versions that may be spoken, oldest first."""
        allowed = []
        lowest, highest = self._minimum_version, self._maximum_version
        if self._protocol.name in _OLD_PROTOCOLS:
            lowest = highest = ssl.TLSVersion[_OLD_PROTOCOLS[self._protocol.name]]
        for version, name, off in (
            (ssl.TLSVersion.TLSv1, "TLSv1", ssl.OP_NO_TLSv1),
            (ssl.TLSVersion.TLSv1_1, "TLSv1.1", ssl.OP_NO_TLSv1_1),
            (ssl.TLSVersion.TLSv1_2, "TLSv1.2", ssl.OP_NO_TLSv1_2),
            (ssl.TLSVersion.TLSv1_3, "TLSv1.3", ssl.OP_NO_TLSv1_3),
        ):
            is_low = lowest != ssl.TLSVersion.MINIMUM_SUPPORTED and version < lowest
            is_high = highest != ssl.TLSVersion.MAXIMUM_SUPPORTED and version > highest
            if not is_low and not is_high and not self._options & off:
                allowed.append(name)
        return allowed

    def host_context(self) -> int:
        """The number of Node's context with these settings, made again when one of them changed."""
        versions = self._versions()
        if not versions:
            raise _tls_errors.ssl_error("NO_PROTOCOLS_AVAILABLE")
        partial = bool(self._verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN)
        key = (len(self._authorities), len(self._revocations), self._default_authorities, self._chain, self._key)
        key_text = repr((key, self._passphrase, versions[0], versions[-1], self._ciphers, partial))
        if self._number is None or key_text != self._key_of_number:
            answer = door.sockets.tls_context(
                json.dumps(
                    {
                        "authorities": self._authorities,
                        "defaultAuthorities": self._default_authorities,
                        "revocations": self._revocations,
                        "certificateChain": self._chain,
                        "key": self._key,
                        "passphrase": self._passphrase,
                        "minimumVersion": versions[0],
                        "maximumVersion": versions[-1],
                        "ciphers": self._ciphers,
                        "isPartialChainTrusted": partial,
                    }
                )
            )
            if isinstance(answer, str):
                raise _tls_errors.error_of(answer, None)
            self._number, self._key_of_number = int(answer), key_text
        return self._number

    # --- connections ------------------------------------------------------------------------------------------------

    def wrap_bio(
        self,
        incoming: Any,
        outgoing: Any,
        server_side: bool = False,
        server_hostname: Any = None,
        session: Any = None,
    ) -> Any:
        return self.sslobject_class._create(
            incoming,
            outgoing,
            server_side=server_side,
            server_hostname=self._encode_hostname(server_hostname),
            session=session,
            context=self,
        )

    def handshake_settings(self, is_server: bool, server_name: Optional[str]) -> str:
        """What a handshake with this context has to look at, as JSON."""
        return json.dumps(
            {
                "isServer": is_server,
                "serverName": server_name,
                "isCertificateRequired": self._verify_mode == ssl.CERT_REQUIRED
                or (not is_server and self._verify_mode == ssl.CERT_OPTIONAL),
                "isCertificateRequested": self._verify_mode != ssl.CERT_NONE,
                "isHostNameChecked": bool(self._check_hostname) and not is_server,
                "isCommonNameChecked": self.hostname_checks_common_name,
                "protocols": self._protocols,
            }
        )


_OLD_PROTOCOLS = {"PROTOCOL_TLSv1": "TLSv1", "PROTOCOL_TLSv1_1": "TLSv1_1", "PROTOCOL_TLSv1_2": "TLSv1_2"}


def _version(value: Any) -> Any:
    try:
        return ssl.TLSVersion(value)
    except ValueError:
        raise ValueError(f"Unsupported TLS/SSL version {value:#x}") from None


def _passphrase(password: Any) -> Optional[str]:
    if callable(password):
        password = password()
    if password is None:
        return None
    if isinstance(password, str):
        return password
    if isinstance(password, (bytes, bytearray)):
        return bytes(password).decode("utf-8")
    raise TypeError("password should be a string or callable")


def _split_der(data: bytes) -> List[bytes]:
    """The certificates that stand one after another in DER."""
    found, at = [], 0
    while at + 4 < len(data):
        if data[at] != 0x30:
            raise ssl.SSLError(errno.EIO, "[ASN1: WRONG_TAG] wrong tag (_ssl.c:4340)")
        size = data[at + 1]
        head = 2
        if size & 0x80:
            head += size & 0x7F
            size = int.from_bytes(data[at + 2 : at + head], "big")
        found.append(data[at : at + head + size])
        at += head + size
    return found
