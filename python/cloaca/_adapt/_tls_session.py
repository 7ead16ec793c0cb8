"""What ``SSLSocket`` and ``SSLObject`` share: the outcome of a handshake, and what it says about the peer.

A certificate that the context checks was checked by Node when this exists; ``VERIFY_X509_STRICT`` is checked here.
"""

from __future__ import annotations

import base64
import json
import ssl
from typing import Any, Dict, List, Optional, Tuple

from . import _tls_errors
from ._certificate import Certificate, strict_problem

_BITS = (("AES256", 256), ("AES_256", 256), ("AES128", 128), ("AES_128", 128), ("CHACHA20", 256), ("3DES", 112))


class Session:
    """A handshake that ended well."""

    def __init__(self, report: str) -> None:
        said: Dict[str, Any] = json.loads(report)
        self.version: Optional[str] = said["version"]
        self.protocol: Optional[str] = said["protocol"]
        self.is_reused: bool = said["isReused"]
        self.server_name: Optional[str] = said["serverName"]
        self.chain: List[bytes] = [base64.b64decode(each) for each in said["certificates"]]
        self.finished: Optional[str] = said["peerFinished"] if said["isReused"] else said["finished"]
        self._cipher: Optional[Dict[str, str]] = said["cipher"]

    def check_strictly(self, context: Any) -> None:
        """Raises when the context asks for more than Node has checked."""
        if context.verify_mode != ssl.CERT_NONE and context.verify_flags & ssl.VERIFY_X509_STRICT:
            problem = strict_problem(self.chain)
            if problem is not None:
                raise _tls_errors.verification_error(*problem)

    def cipher(self) -> Optional[Tuple[str, str, int]]:
        if self._cipher is None:
            return None
        name = self._cipher["name"]
        bits = next((size for part, size in _BITS if part in name), 0)
        return name, "TLSv1.3" if name.startswith("TLS_") else "TLSv1.2", bits

    def peer_certificate(self, binary_form: bool, context: Any) -> Any:
        if not self.chain:
            return None
        if binary_form:
            return self.chain[0]
        return {} if context.verify_mode == ssl.CERT_NONE else Certificate(self.chain[0]).as_dict()

    def channel_binding(self, kind: str) -> Optional[bytes]:
        if kind not in ssl.CHANNEL_BINDING_TYPES:
            raise ValueError(f"{kind} channel binding type not implemented")
        return None if self.finished is None else base64.b64decode(self.finished)


def check_wrapping(context: Any, server_side: bool, server_hostname: Any, session: Any) -> None:
    """Raises what CPython raises for arguments that contradict one another."""
    if server_side:
        if server_hostname:
            raise ValueError("server_hostname can only be specified in client mode")
        if session is not None:
            raise ValueError("session can only be specified in client mode")
    if context.protocol == ssl.PROTOCOL_TLS_SERVER and not server_side:
        raise ssl.SSLError(1, "Cannot create a client socket with a PROTOCOL_TLS_SERVER context (_ssl.c:806)")
    if context.protocol == ssl.PROTOCOL_TLS_CLIENT and server_side:
        raise ssl.SSLError(1, "Cannot create a server socket with a PROTOCOL_TLS_CLIENT context (_ssl.c:800)")
    if context.check_hostname and not server_side and not server_hostname:
        raise ValueError("check_hostname requires server_hostname")
