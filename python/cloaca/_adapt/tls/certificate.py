"""Certificates: the dict of ``getpeercert``, and the checks of ``VERIFY_X509_STRICT``, which Node does not make.

This module replaces nothing; the TLS adaptations call it. It is pure Python. Can be deleted when Pyodide has OpenSSL.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

_NAMES = {
    "2.5.4.3": "commonName",
    "2.5.4.4": "surname",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "countryName",
    "2.5.4.7": "localityName",
    "2.5.4.8": "stateOrProvinceName",
    "2.5.4.9": "streetAddress",
    "2.5.4.10": "organizationName",
    "2.5.4.11": "organizationalUnitName",
    "2.5.4.12": "title",
    "2.5.4.13": "description",
    "2.5.4.15": "businessCategory",
    "2.5.4.17": "postalCode",
    "2.5.4.42": "givenName",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "userId",
    "0.9.2342.19200300.100.1.25": "domainComponent",
    "1.2.840.113549.1.9.1": "emailAddress",
    "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionLocalityName",
    "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionStateOrProvinceName",
    "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionCountryName",
}
_SUBJECT_KEY, _KEY_USAGE, _ALT_NAME = "2.5.29.14", "2.5.29.15", "2.5.29.17"
_BASIC, _CRL_POINTS = "2.5.29.19", "2.5.29.31"
_AUTHORITY_KEY, _AUTHORITY_INFO = "2.5.29.35", "1.3.6.1.5.5.7.1.1"
_OCSP, _CA_ISSUERS = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

Item = Tuple[int, bytes]


def der_items(data: bytes) -> Iterator[Item]:
    """Returns the tag and contents of each element of a DER sequence."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        yield tag, data[at : at + length]
        at += length


def _oid(data: bytes) -> str:
    first = min(data[0] // 40, 2)
    parts, value = [first, data[0] - 40 * first], 0
    for byte in data[1:]:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            parts.append(value)
            value = 0
    return ".".join(map(str, parts))


def _text(tag: int, data: bytes) -> str:
    return data.decode({0x1E: "utf-16-be", 0x1C: "utf-32-be", 0x0C: "utf-8"}.get(tag, "latin-1"), "replace")


def _name(data: bytes) -> Tuple[Tuple[Tuple[str, str], ...], ...]:
    relative = []
    for _, group in der_items(data):
        pairs = []
        for _, pair in der_items(group):
            (_, oid), (tag, value) = der_items(pair)
            number = _oid(oid)
            pairs.append((_NAMES.get(number, number), _text(tag, value)))
        relative.append(tuple(pairs))
    return tuple(relative)


def _time(tag: int, data: bytes) -> str:
    text = data.decode("ascii")
    if tag == 0x17:  # UTCTime: two digits of the year
        text = ("19" if text >= "5" else "20") + text
    month = _MONTHS[int(text[4:6]) - 1]
    return f"{month} {int(text[6:8]):2d} {text[8:10]}:{text[10:12]}:{text[12:14]} {text[:4]} GMT"


def _general_name(tag: int, data: bytes) -> Tuple[str, Any]:
    kind = tag & 0x1F
    if kind in (1, 2, 6):
        return {1: "email", 2: "DNS", 6: "URI"}[kind], data.decode("latin-1")
    if kind == 7:
        address = ipaddress.ip_address(data)
        if address.version == 4:
            return "IP Address", str(address)
        return "IP Address", ":".join(f"{int(part, 16):X}" for part in address.exploded.split(":"))
    if kind == 4:
        return "DirName", _name(next(der_items(data))[1])
    if kind == 8:
        return "Registered ID", _oid(data)
    return "othername", "<unsupported>"


class Certificate:
    """Parsed certificate."""

    def __init__(self, der: bytes) -> None:
        ((_, whole),) = der_items(der)
        fields = list(der_items(next(der_items(whole))[1]))
        self.version = 1
        if fields[0][0] == 0xA0:
            self.version = next(der_items(fields.pop(0)[1]))[1][0] + 1
        self.serial = f"{int.from_bytes(fields[0][1], 'big'):X}"
        self.issuer, self.subject = _name(fields[2][1]), _name(fields[4][1])
        #: Object identifier of the key's algorithm.
        self.key_kind = _oid(next(der_items(next(der_items(fields[5][1]))[1]))[1])
        self.validity = [_time(tag, data) for tag, data in der_items(fields[3][1])]
        self.extensions: Dict[str, Tuple[bool, bytes]] = {}
        for tag, data in fields[6:]:
            if tag == 0xA3:
                for _, extension in der_items(next(der_items(data))[1]):
                    parts = list(der_items(extension))
                    self.extensions[_oid(parts[0][1])] = (len(parts) == 3 and parts[1][1] != b"\0", parts[-1][1])

    def _sequence(self, number: str) -> List[Item]:
        extension = self.extensions.get(number)
        return [] if extension is None else list(der_items(next(der_items(extension[1]))[1]))

    @property
    def alternative_names(self) -> Tuple[Tuple[str, Any], ...]:
        return tuple(_general_name(tag, data) for tag, data in self._sequence(_ALT_NAME))

    @property
    def is_authority(self) -> bool:
        return any(tag == 1 and data != b"\0" for tag, data in self._sequence(_BASIC))

    @property
    def can_sign(self) -> bool:
        """Whether OpenSSL accepts the certificate as an authority, even without the extension for authorities."""
        if _BASIC in self.extensions:
            return self.is_authority
        usage = self.extensions.get(_KEY_USAGE)
        if usage is not None:
            return bool(_bits(usage[1]) & 0x04)
        return self.version == 1 and self.issuer == self.subject

    def as_dict(self) -> Dict[str, Any]:
        """Returns the dict of ``getpeercert``."""
        serial = self.serial if len(self.serial) % 2 == 0 else f"0{self.serial}"
        found: Dict[str, Any] = {
            "subject": self.subject,
            "issuer": self.issuer,
            "version": self.version,
            "serialNumber": serial,
            "notBefore": self.validity[0],
            "notAfter": self.validity[1],
        }
        if _ALT_NAME in self.extensions:
            found["subjectAltName"] = self.alternative_names
        for key, method in (("OCSP", _OCSP), ("caIssuers", _CA_ISSUERS)):
            places = [self._place(data, method) for _, data in self._sequence(_AUTHORITY_INFO)]
            if any(places):
                found[key] = tuple(place for place in places if place)
        points = tuple(_uris(b"".join(data for _, data in self._sequence(_CRL_POINTS))))
        if points:
            found["crlDistributionPoints"] = points
        return found

    def _place(self, data: bytes, method: str) -> Optional[str]:
        (_, oid), (tag, location) = der_items(data)
        return location.decode("latin-1") if _oid(oid) == method and tag == 0x86 else None

    def strict_problem(self, is_last: bool) -> Optional[Tuple[int, str]]:
        """Returns the first violation of RFC 5280 in this certificate, as OpenSSL's number and text, or None."""
        usage = self.extensions.get(_KEY_USAGE)
        signs = usage is not None and bool(_bits(usage[1]) & 0x04)
        basic, alternative = self.extensions.get(_BASIC), self.extensions.get(_ALT_NAME)
        authority, subject = self.extensions.get(_AUTHORITY_KEY), self.extensions.get(_SUBJECT_KEY)
        has_path_length = any(tag == 2 for tag, _ in self._sequence(_BASIC))
        has_key_id = any(tag == 0x80 for tag, _ in self._sequence(_AUTHORITY_KEY))
        is_authority, is_newest = self.is_authority, self.version >= 3
        problems = (
            (has_path_length and not is_authority, 80, "Path length invalid for non-CA cert"),
            (
                has_path_length and usage is not None and not signs,
                81,
                "Path length given without key usage keyCertSign",
            ),
            (
                is_authority and basic is not None and not basic[0],
                89,
                "Basic Constraints of CA cert not marked critical",
            ),
            (is_authority and usage is None, 92, "CA cert does not include key usage extension"),
            (not is_authority and signs, 82, "Key usage keyCertSign invalid for non-CA cert"),
            (not self.issuer, 83, "Issuer name empty"),
            (not self.subject and (is_authority or alternative is None), 84, "Subject name empty"),
            (alternative is not None and not self.alternative_names, 87, "Empty Subject Alternative Name extension"),
            (
                not self.subject and alternative is not None and not alternative[0],
                88,
                "Subject empty and Subject Alt Name extension not critical",
            ),
            (authority is not None and authority[0], 90, "Authority Key Identifier marked critical"),
            (subject is not None and subject[0], 91, "Subject Key Identifier marked critical"),
            (is_newest and not is_last and not has_key_id, 85, "Missing Authority Key Identifier"),
            (is_newest and is_authority and subject is None, 86, "Missing Subject Key Identifier"),
            (not is_newest and bool(self.extensions), 93, "Using cert extension requires at least X509v3"),
        )
        for is_wrong, number, words in problems:
            if is_wrong:
                return number, words
        return None


def _bits(data: bytes) -> int:
    contents = next(der_items(data))[1]
    return contents[1] if len(contents) > 1 else 0


def _uris(data: bytes) -> Iterator[str]:
    """Returns the URIs in nested elements of any depth."""
    for tag, contents in der_items(data):
        if tag == 0x86:
            yield contents.decode("latin-1")
        elif tag & 0x20:
            yield from _uris(contents)


def strict_problem(chain: Sequence[bytes]) -> Optional[Tuple[int, str]]:
    """Returns the first violation that ``VERIFY_X509_STRICT`` finds in an otherwise verified chain, or None.

    The certificate of the peer comes first in the chain.
    """
    if len(chain) < 2:
        return None
    for index, der in enumerate(chain):
        problem = Certificate(der).strict_problem(is_last=index + 1 == len(chain))
        if problem is not None:
            return problem
    return None
