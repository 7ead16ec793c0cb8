"""What ``SSLSocket`` and ``SSLObject`` share: the outcome of a handshake, and what it says about the peer.

A certificate that the context checks was checked by Node when this exists; ``VERIFY_X509_STRICT`` and missing
revocations are checked here.
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
    """What a client keeps of a connection, to take it up again in another one."""

    __module__ = "_ssl"

    text: str
    #: The session's id; one of TLS 1.3 has none, and goes by its ticket.
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
        """The session that OpenSSL wrote down, as base64 of DER."""
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
    """OpenSSL's part of a session: Node (seen in 26.10) puts the server's name before it."""
    if not data.startswith(_NODE_HEAD):
        return data
    start = len(_NODE_HEAD)
    return data[start + 2 + int.from_bytes(data[start : start + 2], "big") :]


def check_session(session: Any, context: Any, server_side: bool, is_over: bool) -> None:
    """Raises what CPython raises for a session that cannot be taken up."""
    if not isinstance(session, SSLSession):
        raise TypeError("Value is not a SSLSession.")
    if session._context is not context:
        raise ValueError("Session refers to a different SSLContext.")
    if server_side:
        raise ValueError("Cannot set session for server-side SSLSocket.")
    if is_over:
        raise ValueError("Cannot set session after handshake.")


class Session:
    """A handshake that ended well."""

    def __init__(self, report: str, context: Any, is_server: bool, number: int) -> None:
        self._number = number
        facts: Dict[str, Any] = json.loads(report)
        self.version: Optional[str] = facts["version"]
        self.protocol: Optional[str] = facts["protocol"]
        self.is_reused: bool = facts["isReused"]
        self.server_name: Optional[str] = facts["serverName"]
        #: As Node has it: what the peer sent, and what ends it.
        self.chain: List[bytes] = [base64.b64decode(each) for each in facts["certificates"]]
        #: Identifiers of the ciphers that the client offered, of a server.
        self.client_ciphers: Optional[List[int]] = facts["clientCiphers"]
        # The first of the two Finished messages: the client's, or the server's when a session is taken up.
        self.finished: Optional[str] = facts["finished" if facts["isReused"] == is_server else "peerFinished"]
        context._counts["accept" if is_server else "connect"] += 1
        context._counts["hits"] += self.is_reused
        if context._folder_authorities:
            context.note_chain(self.verified_chain())
        self._cipher: Optional[Dict[str, str]] = facts["cipher"]

    def check_strictly(self, context: Any) -> None:
        """Raises when the context asks for more than Node has checked."""
        if context.verify_mode != ssl.CERT_NONE and context.verify_flags & ssl.VERIFY_X509_STRICT:
            problem = strict_problem(self.chain)
            # An authority that the peer sent in an old edition is not the one that counts.
            if problem is not None:
                problem = strict_problem(self.verified_chain())
            if problem is not None:
                raise errors.verification_error(*problem)
        if context.verify_mode != ssl.CERT_NONE and context.verify_flags & ssl.VERIFY_CRL_CHECK_LEAF and self.chain:
            if not context._revocations:
                raise errors.verification_error(3, "unable to get certificate CRL")

    def sent_chain(self) -> List[bytes]:
        """What the peer has sent."""
        return self._host_chain("sent")

    def verified_chain(self) -> List[bytes]:
        """What the peer was checked by: authorities that are trusted, before those that it sent."""
        return self._host_chain("verified")

    def _host_chain(self, kind: str) -> List[bytes]:
        chains = host.tls.chains(self._number)
        return list(self.chain) if chains is None else [base64.b64decode(each) for each in json.loads(chains)[kind]]

    def shared_ciphers(self, context: Any) -> List[Tuple[str, str, int]]:
        """Of a server: what both offer, in its own order; the one agreed on, when the client's are not known."""
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
