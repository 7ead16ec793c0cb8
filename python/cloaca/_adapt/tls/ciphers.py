"""Descriptions of ciphers for ``SSLContext.get_ciphers`` and ``SSLSocket.cipher``, as in OpenSSL.

Node reports only the names of ciphers. This module replaces nothing; the TLS adaptations call it. Can be deleted when
Pyodide has OpenSSL.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

#: Hexadecimal identifiers and names of the ciphers that a context offers by default, in their order.
_DEFAULT = """
1302 TLS_AES_256_GCM_SHA384
1303 TLS_CHACHA20_POLY1305_SHA256
1301 TLS_AES_128_GCM_SHA256
C02C ECDHE-ECDSA-AES256-GCM-SHA384
C030 ECDHE-RSA-AES256-GCM-SHA384
C02B ECDHE-ECDSA-AES128-GCM-SHA256
C02F ECDHE-RSA-AES128-GCM-SHA256
CCA9 ECDHE-ECDSA-CHACHA20-POLY1305
CCA8 ECDHE-RSA-CHACHA20-POLY1305
C024 ECDHE-ECDSA-AES256-SHA384
C028 ECDHE-RSA-AES256-SHA384
C023 ECDHE-ECDSA-AES128-SHA256
C027 ECDHE-RSA-AES128-SHA256
009F DHE-RSA-AES256-GCM-SHA384
009E DHE-RSA-AES128-GCM-SHA256
006B DHE-RSA-AES256-SHA256
0067 DHE-RSA-AES128-SHA256
"""
#: Other ciphers that can be selected by name.
_OTHERS = """
009D AES256-GCM-SHA384
009C AES128-GCM-SHA256
003D AES256-SHA256
003C AES128-SHA256
0035 AES256-SHA
002F AES128-SHA
C00A ECDHE-ECDSA-AES256-SHA
C014 ECDHE-RSA-AES256-SHA
C009 ECDHE-ECDSA-AES128-SHA
C013 ECDHE-RSA-AES128-SHA
0039 DHE-RSA-AES256-SHA
0033 DHE-RSA-AES128-SHA
CCAA DHE-RSA-CHACHA20-POLY1305
"""


def _numbers(table: str) -> Dict[str, int]:
    return {name: int(digits, 16) for digits, name in (line.split() for line in table.split("\n") if line)}


DEFAULT = _numbers(_DEFAULT)
_KNOWN = {**DEFAULT, **_numbers(_OTHERS)}


def version_of(name: str) -> str:
    """Returns the oldest version of TLS that has the cipher."""
    if name.startswith("TLS_"):
        return "TLSv1.3"
    if name.endswith("-SHA"):
        return "TLSv1.0" if name.startswith("ECDHE") else "SSLv3"
    return "TLSv1.2"


def bits_of(name: str) -> int:
    for part, bits in (("256", 256), ("CHACHA20", 256), ("128", 128), ("3DES", 112)):
        if part in name.removesuffix("SHA256").removesuffix("POLY1305_"):
            return bits
    return 0


def offered(ciphers: Optional[str], versions: List[str], names: List[str]) -> List[Dict[str, Any]]:
    """Returns the ciphers that a context offers: the default, or those of its cipher string. ``names``: all ciphers."""
    if ciphers is None:
        chosen = list(DEFAULT)
    else:
        words = ciphers.replace(",", ":").replace(" ", ":").split(":")
        chosen = [name for name in words if name in names] or [name for name in names if _is_usual(name)]
        chosen = [name for name in DEFAULT if name.startswith("TLS_") and name not in chosen] + chosen
    if "TLSv1.3" not in versions:
        chosen = [name for name in chosen if not name.startswith("TLS_")]
    elif versions == ["TLSv1.3"]:
        chosen = [name for name in chosen if name.startswith("TLS_")]
    return [describe(name) for name in chosen]


def _is_usual(name: str) -> bool:
    return not any(part in name for part in ("PSK", "SRP", "NULL", "ADH", "AECDH", "CAMELLIA", "ARIA", "CCM"))


def describe(name: str) -> Dict[str, Any]:
    """Returns the description of a cipher for ``get_ciphers``."""
    version, bits = version_of(name), bits_of(name)
    is_aead = "GCM" in name or "POLY1305" in name or "CCM" in name
    is_newest = version == "TLSv1.3"
    exchange = "any" if is_newest else next((kind for kind in ("ECDHE", "DHE") if name.startswith(kind)), "RSA")
    signer = "any" if is_newest else "ECDSA" if "ECDSA" in name else "RSA"
    mac = "AEAD" if is_aead else {"SHA": "SHA1"}.get(name.rpartition("-")[2], name.rpartition("-")[2])
    if "CHACHA20" in name:
        encryption, symmetric = "CHACHA20/POLY1305", "chacha20-poly1305"
    else:
        encryption = "AESGCM" if "GCM" in name else "AES"
        symmetric = f"aes-{bits}-{'gcm' if 'GCM' in name else 'cbc'}"
    agreed, sealed = f"Kx={exchange.removesuffix('E')}", f"Enc={f'{encryption}({bits})':<22}"
    return {
        "id": 0x03000000 | _KNOWN.get(name, 0),
        "name": name,
        "protocol": version,
        "description": f"{name:<30} {version:<7} {agreed:<11} Au={signer:<5} {sealed} Mac={mac}",
        "strength_bits": bits,
        "alg_bits": bits,
        "aead": is_aead,
        "symmetric": symmetric,
        "digest": None if is_aead else mac.lower(),
        "kea": f"kx-{exchange.lower()}",
        "auth": f"auth-{signer.lower()}",
    }
