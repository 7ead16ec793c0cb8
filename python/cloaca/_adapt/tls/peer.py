"""Methods of ``SSLSocket`` and ``SSLObject`` that describe the peer after the handshake.

This module replaces nothing; both classes extend its class.
"""

from __future__ import annotations

import ssl
from typing import Any, List, Optional, Tuple

from . import errors
from .session import Session


class Peer:
    """Methods that depend on the result of the handshake."""

    _session: Optional[Session]
    _context: Any
    server_side: Any

    @property
    def session_reused(self) -> Optional[bool]:
        """Was the client session reused during handshake"""
        return None if self._session is None else self._session.is_reused

    def getpeercert(self, binary_form: bool = False) -> Any:
        """Returns a formatted version of the data in the certificate provided by the other end of the SSL channel."""
        if self._session is None:
            raise ValueError("handshake not done yet")
        return self._session.peer_certificate(binary_form, self._context)

    def get_verified_chain(self) -> Any:
        """Returns verified certificate chain provided by the other end of the SSL channel."""
        if self._session is None or self._context.verify_mode == ssl.CERT_NONE:
            return []
        return self._session.verified_chain()

    def get_unverified_chain(self) -> Any:
        """Returns raw certificate chain provided by the other end of the SSL channel."""
        return [] if self._session is None else self._session.sent_chain()

    def cipher(self) -> Optional[Tuple[str, str, int]]:
        """Return the currently selected cipher as a 3-tuple ``(name, ssl_version, secret_bits)``."""
        return None if self._session is None else self._session.cipher()

    def shared_ciphers(self) -> Optional[List[Tuple[str, str, int]]]:
        """Return a list of ciphers shared by the client during the handshake or
        None if this is not a valid server connection.
        """
        if self._session is None or not self.server_side:
            return None
        return self._session.shared_ciphers(self._context)

    def version(self) -> Optional[str]:
        """Return a string identifying the protocol version used by the current SSL channel."""
        return None if self._session is None else self._session.version

    def selected_alpn_protocol(self) -> Optional[str]:
        """Return the currently selected ALPN protocol as a string."""
        return None if self._session is None else self._session.protocol

    def selected_npn_protocol(self) -> None:
        return None

    def compression(self) -> None:
        return None

    def get_channel_binding(self, cb_type: str = "tls-unique") -> Optional[bytes]:
        """Get channel binding data for current connection."""
        if cb_type not in ssl.CHANNEL_BINDING_TYPES:
            raise ValueError(f"{cb_type} channel binding type not implemented")
        return None if self._session is None else self._session.channel_binding(cb_type)

    def verify_client_post_handshake(self) -> None:
        """Requests a certificate now.

        It fails as for a client that cannot send one later, because Node has no such feature.
        """
        if self._session is None:
            raise ValueError("No SSL wrapper around " + str(self))
        if not self.server_side:
            raise errors.ssl_error("NOT_SERVER")
        if self._session.version != "TLSv1.3":
            raise errors.ssl_error("WRONG_SSL_VERSION")
        if not self._session.chain:
            raise errors.ssl_error("EXTENSION_NOT_RECEIVED")
