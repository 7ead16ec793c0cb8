"""One side of a TLS connection: the context and the session that ``SSLSocket`` and ``SSLObject`` share.

This module replaces nothing; both classes extend its class.
"""

from __future__ import annotations

from typing import Any, Optional

from ..._border import host
from .peer import Peer
from .session import SSLSession, check_session


class Side(Peer):
    """One side of a connection. Scripts get it from their context and cannot create one."""

    #: Name of the call that returns instances.
    _maker = ""
    _wanted_session: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise TypeError(
            f"{self.__class__.__name__} does not have a public constructor. Instances are returned by {self._maker}."
        )

    def _begin(self, context: Any) -> None:
        """Sets the attributes that a side has before its handshake."""
        self._context = context
        self._session = None
        self._wanted_session = None

    def _host_socket(self) -> int:
        """Returns the number of the host's socket that this side uses for TLS."""
        raise NotImplementedError

    @property
    def context(self) -> Any:
        """The SSLContext that is in use."""
        return self._context

    @context.setter
    def context(self, context: Any) -> None:
        self._context = context

    @property
    def owner(self) -> Any:
        return self

    @property
    def session(self) -> Optional[SSLSession]:
        """The SSLSession for client socket."""
        if self._session is None:
            return self._wanted_session  # type: ignore[no-any-return]
        text = None if self.server_side else host.tls.session(self._host_socket())
        return None if text is None else SSLSession._of(text, self._context)

    @session.setter
    def session(self, session: Any) -> None:
        check_session(session, self._context, self.server_side, self._session is not None)
        self._wanted_session = session
