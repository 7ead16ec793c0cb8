"""Authorities and revocation lists that an ``ssl.SSLContext`` trusts.

The module belongs to ``context``, which extends its class. Node checks certificates against this collection.
"""

from __future__ import annotations

import binascii
import errno
import os
import re
import ssl
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ..._border import host
from . import errors
from .certificate import Certificate

_PEM = re.compile(r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----.+?-----END (?:TRUSTED )?CERTIFICATE-----", re.DOTALL)
_REVOCATIONS = re.compile(r"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")

#: Certificates and revocation lists in PEM.
Contents = Tuple[List[str], List[str]]

_files: Dict[str, Tuple[Tuple[int, int, int], Contents]] = {}


class Store:
    """Methods of a context that manage authorities."""

    _authorities: List[str]
    #: Authorities from folders, which are trusted like the others, but listed only after a connection needed them.
    _folder_authorities: List[str]
    _revocations: List[str]
    #: Default authorities: those of the system and of NODE_EXTRA_CA_CERTS, only the latter, or none.
    _default_authorities: str

    def _empty(self) -> None:
        self._authorities, self._folder_authorities, self._revocations = [], [], []
        self._default_authorities = "none"

    def load_verify_locations(self, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        """Load a set of "certification authority" (CA) certificates used to validate other peers' certificates."""
        if cafile is None and capath is None and cadata is None:
            raise TypeError("cafile, capath and cadata cannot be all omitted")
        for place, name in ((cafile, "cafile"), (capath, "capath")):
            if place is not None and not isinstance(place, (str, bytes, os.PathLike)):
                raise TypeError(f"{name} should be a valid filesystem path")
        if cadata is not None:
            self._add_data(cadata)
        if cafile is not None:
            with open(cafile, "rb") as file:
                text = file.read().decode("latin-1")
            if not self._add_pem(text, self._authorities):
                raise errors.ssl_error("NO_CERTIFICATE_OR_CRL_FOUND", library="X509", number=136)
        if capath is not None:
            self._add_folder(os.fsdecode(capath))

    def _add_data(self, data: Any) -> None:
        missing = "cadata does not contain a certificate"
        if isinstance(data, str):
            if not data.isascii():
                raise TypeError("cadata should be an ASCII string or a bytes-like object")
            if not self._add_pem(data, self._authorities):
                raise ssl.SSLError(0, f"no start line: {missing}")
            return
        try:
            raw = bytes(memoryview(data))
        except TypeError:
            raise TypeError("cadata should be an ASCII string or a bytes-like object") from None
        found = _split_der(raw)
        if not found:
            raise ssl.SSLError(0, f"not enough data: {missing}")
        self._authorities += [ssl.DER_cert_to_PEM_cert(each) for each in found]

    def _add_pem(self, text: str, place: List[str]) -> bool:
        """Adds the contents of a text, and returns whether it contained any."""
        return self._take(_contents(text), place)

    def _add_file(self, path: str, place: List[str]) -> None:
        self._take(_contents_of_file(path), place)

    def _take(self, contents: Contents, place: List[str]) -> bool:
        certificates, revocations = contents
        place += certificates
        self._revocations += revocations
        return bool(certificates or revocations)

    def _add_folder(self, folder: str) -> None:
        try:
            entries = sorted(os.listdir(folder))
        except OSError:
            return  # OpenSSL also accepts a missing folder, since it opens it only to search an authority
        for entry in entries:
            if _HASHED.fullmatch(entry):
                self._add_file(os.path.join(folder, entry), self._folder_authorities)

    def load_default_certs(self, purpose: Any = ssl.Purpose.SERVER_AUTH) -> None:
        if not isinstance(purpose, ssl._ASN1Object):
            raise TypeError(purpose)
        self.set_default_verify_paths()

    def set_default_verify_paths(self) -> None:
        """Loads the files in SSL_CERT_FILE and SSL_CERT_DIR, else those of the system, always NODE_EXTRA_CA_CERTS."""
        file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        if file:
            try:
                self._add_file(file, self._authorities)
            except OSError:
                pass  # a default file that does not exist adds no authority, as in OpenSSL
        for each in (folder or "").split(os.pathsep):
            if each:
                self._add_folder(each)
        self._default_authorities = "extra" if file and folder else "all"

    # --- known authorities ------------------------------------------------------------------------------------------

    def _listed(self) -> List[bytes]:
        texts = list(self._authorities)
        if self._default_authorities == "all":
            texts += _PEM.findall(str(host.tls.default_authorities("all")))
        return list(dict.fromkeys(ssl.PEM_cert_to_DER_cert(text) for text in texts))

    def get_ca_certs(self, binary_form: bool = False) -> List[Any]:
        """Returns a list of dicts with information of loaded CA certs."""
        authorities = [der for der in self._listed() if Certificate(der).can_sign]
        return authorities if binary_form else [Certificate(der).as_dict() for der in authorities]

    def cert_store_stats(self) -> Dict[str, int]:
        """Returns quantities of loaded X.509 certificates."""
        listed = self._listed()
        count = sum(Certificate(der).can_sign for der in listed)
        return {"x509": len(listed), "crl": len(self._revocations), "x509_ca": count}

    def note_chain(self, chain: Sequence[bytes]) -> None:
        """Lists the authorities from folders that a connection needed, as OpenSSL does, which loads them then."""
        if not self._folder_authorities:
            return
        used = [text for text in self._folder_authorities if ssl.PEM_cert_to_DER_cert(text) in chain]
        self._folder_authorities = [text for text in self._folder_authorities if text not in used]
        self._authorities += used


def _contents(text: str) -> Contents:
    certificates = [each.replace("TRUSTED ", "") for each in _PEM.findall(text)]
    for each in certificates:
        check_pem(each)
    return certificates, _REVOCATIONS.findall(text)


def _contents_of_file(path: str) -> Contents:
    """Returns the contents of a file.

    Unchanged files are cached, because every new context reads hundreds of certificates.
    """
    seen = os.stat(path)
    state = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
    remembered = _files.get(path)
    if remembered is None or remembered[0] != state:
        with open(path, encoding="latin-1") as file:
            remembered = _files[path] = (state, _contents(file.read()))
    return remembered[1]


def check_pem(text: str) -> None:
    """Raises an error if a certificate in PEM cannot be parsed. It is fast, because there can be hundreds of them."""
    try:
        der = binascii.a2b_base64("".join(text.split("-----")[2].split()), strict_mode=True)
        if len(_split_der(der)) != 1:
            raise pem_error()
    except (binascii.Error, IndexError):
        raise pem_error() from None


def first_certificate(text: str) -> Optional[Certificate]:
    """Returns the first certificate in PEM. Raises an error if one of the certificates cannot be parsed."""
    found = _PEM.findall(text)
    for each in found:
        check_pem(each)
    return Certificate(ssl.PEM_cert_to_DER_cert(found[0])) if found else None


def pem_error() -> ssl.SSLError:
    error = ssl.SSLError(524297, "[SSL] PEM lib (_ssl.c:3916)")
    error.library, error.reason = "SSL", None  # type: ignore[assignment]
    return error


def _split_der(data: bytes) -> List[bytes]:
    """Returns the certificates in a sequence of DER data."""
    found: List[bytes] = []
    at = 0
    while at < len(data):
        if data[at] != 0x30 or at + 4 > len(data):
            if not found:
                return found
            raise ssl.SSLError(errno.EIO, "[ASN1: WRONG_TAG] wrong tag (_ssl.c:4340)")
        size = data[at + 1]
        head = 2
        if size & 0x80:
            head += size & 0x7F
            size = int.from_bytes(data[at + 2 : at + head], "big")
        if at + head + size > len(data):
            raise ssl.SSLError(errno.EIO, "[ASN1: TOO_LONG] too long (_ssl.c:4340)")
        found.append(data[at : at + head + size])
        at += head + size
    return found
