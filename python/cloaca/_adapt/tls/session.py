"""Result of a handshake, which ``SSLSocket`` and ``SSLObject`` share, with information about the peer.

When it is created, Node has already checked the certificate, if the context requires that. ``VERIFY_X509_STRICT`` and
missing revocation lists are checked here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
from typing import Any, Dict, List, Optional, Tuple

from ..._border import host
from . import ciphers, errors
from .certificate import Certificate, der_items, strict_problem

_NODE_HEAD = b"\0nodejs:tls:session:1\0"


class SSLSession:
    """Session of a client, which another connection can resume."""

    __module__ = "_ssl"

    text: str
    #: Id of the session. TLS 1.3 has no ids, so it is derived from the ticket.
    id: bytes
    time: int
    timeout: int
    ticket_lifetime_hint: int
    has_ticket: bool
    _context: Any

    def __init__(self, *args: Any) -> None:
        raise TypeError("cannot create '_ssl.SSLSession' instances")

    @classmethod
    def _of(cls, text: str, context: Any) -> SSLSession:
        """Returns the session that OpenSSL serialized as base64 of DER."""
        self = cls.__new__(cls)
        self.text, self._context = text, context
        fields = list(der_items(next(iter(der_items(_written(base64.b64decode(text)))))[1]))
        plain = [data for tag, data in fields if tag < 0xA0]
        tagged = {tag & 0x1F: next(iter(der_items(data)))[1] for tag, data in fields if tag >= 0xA0}
        self.id = plain[3] or hashlib.sha256(tagged.get(10, b"")).digest()
        self.time, self.timeout = (int.from_bytes(tagged.get(each, b""), "big") for each in (1, 2))
        self.ticket_lifetime_hint = int.from_bytes(tagged.get(9, b""), "big")
        self.has_ticket = 10 in tagged
        return self

    def __eq__(self, other: object) -> Any:
        return self.id == other.id if isinstance(other, SSLSession) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)


def _written(data: bytes) -> bytes:
    """Returns OpenSSL's part of a serialized session. Node (seen in 26.10) puts the server's name in front of it."""
    if not data.startswith(_NODE_HEAD):
        return data
    start = len(_NODE_HEAD)
    return data[start + 2 + int.from_bytes(data[start : start + 2], "big") :]


def check_session(session: Any, context: Any, server_side: bool, is_over: bool) -> None:
    """Raises the error of CPython for a session that cannot be resumed."""
    if not isinstance(session, SSLSession):
        raise TypeError("Value is not a SSLSession.")
    if session._context is not context:
        raise ValueError("Session refers to a different SSLContext.")
    if server_side:
        raise ValueError("Cannot set session for server-side SSLSocket.")
    if is_over:
        raise ValueError("Cannot set session after handshake.")


class Session:
    """Result of a successful handshake."""

    def __init__(self, report: str, context: Any, is_server: bool, number: int) -> None:
        self._number = number
        facts: Dict[str, Any] = json.loads(report)
        self.version: Optional[str] = facts["version"]
        self.protocol: Optional[str] = facts["protocol"]
        self.is_reused: bool = facts["isReused"]
        self.server_name: Optional[str] = facts["serverName"]
        #: Chain in Node: the certificates that the peer sent, and those that complete the chain.
        self.chain: List[bytes] = [base64.b64decode(each) for each in facts["certificates"]]
        #: On a server, identifiers of the ciphers that the client offered.
        self.client_ciphers: Optional[List[int]] = facts["clientCiphers"]
        # The first of the two Finished messages: the client's, or the server's if a session is resumed.
        self.finished: Optional[str] = facts["finished" if facts["isReused"] == is_server else "peerFinished"]
        context._counts["accept" if is_server else "connect"] += 1
        context._counts["hits"] += self.is_reused
        if context._folder_authorities:
            context.note_chain(self.verified_chain())
        self._cipher: Optional[Dict[str, str]] = facts["cipher"]

    def check_strictly(self, context: Any) -> None:
        """Raises an error if a check fails that the context requires and Node does not make."""
        if context.verify_mode != ssl.CERT_NONE and context.verify_flags & ssl.VERIFY_X509_STRICT:
            problem = strict_problem(self.chain)
            # The peer can send an old version of an authority, which is not the one that is used.
            if problem is not None:
                problem = strict_problem(self.verified_chain())
            if problem is not None:
                raise errors.verification_error(*problem)
        if context.verify_mode != ssl.CERT_NONE and context.verify_flags & ssl.VERIFY_CRL_CHECK_LEAF and self.chain:
            if not context._revocations:
                raise errors.verification_error(3, "unable to get certificate CRL")

    def sent_chain(self) -> List[bytes]:
        """Returns the certificates that the peer sent."""
        return self._host_chain("sent")

    def verified_chain(self) -> List[bytes]:
        """Returns the chain that verified the peer, with trusted authorities in place of those that the peer sent."""
        return self._host_chain("verified")

    def _host_chain(self, kind: str) -> List[bytes]:
        chains = host.tls.chains(self._number)
        return list(self.chain) if chains is None else [base64.b64decode(each) for each in json.loads(chains)[kind]]

    def shared_ciphers(self, context: Any) -> List[Tuple[str, str, int]]:
        """Returns the ciphers that both sides offer, in the server's order.

        It returns only the agreed cipher if those of the client are unknown.
        """
        offered = self.client_ciphers
        if offered is None:
            agreed = self.cipher()
            return [] if agreed is None else [agreed]
        shared = [each["name"] for each in context.get_ciphers() if each["id"] & 0xFFFF in offered]
        return [(name, ciphers.version_of(name), ciphers.bits_of(name)) for name in shared]

    def cipher(self) -> Optional[Tuple[str, str, int]]:
        if self._cipher is None:
            return None
        name = self._cipher["name"]
        return name, ciphers.version_of(name), ciphers.bits_of(name)

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
    """Raises the errors of CPython for arguments that contradict each other."""
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
