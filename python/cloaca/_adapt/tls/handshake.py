"""Handshake of ``SSLSocket`` and ``SSLObject``: how it starts, its callback, and how it ends.

This module replaces nothing. Node makes the handshake. The waiting stack calls the ``sni_callback`` of a server.
"""

from __future__ import annotations

import ssl
from typing import Any

from ..._border import host
from .. import unraisable
from . import errors
from .session import Session


def begin(side: Any, number: int) -> None:
    """Starts the handshake of a socket or object on the host's socket with the given number."""
    settings = side._context.handshake_settings(side.server_side, side.server_hostname, side._wanted_session)
    # If nobody has to be notified of cut connections, TLS uses a shorter way.
    host.tls.start(number, side._context.host_context(), settings, not getattr(side, "suppress_ragged_eofs", True))


def is_under_way(side: Any, number: int) -> bool:
    """Returns whether the handshake is still in progress. It first answers a pending question of the host."""
    state = host.tls.state(number)
    if state == "asked":
        alert = _ask(side, str(host.tls.report(number)))
        host.tls.answer(number, side._context.host_context(), alert)
        state = host.tls.state(number)
    return bool(state == "pending")


def finish(side: Any, number: int) -> Session:
    """Returns the result of a finished handshake. Raises an error if it failed."""
    report = str(host.tls.report(number))
    if host.tls.state(number) == "failed":
        raise errors.error_of(report, side.server_hostname)
    session = Session(report, side._context, side.server_side, number)
    session.check_strictly(side._context)
    if side.server_side and session.server_name is None:
        _ask(side, None)  # Node calls back only if the client sends a server name
    return session


def _ask(side: Any, server_name: Any) -> Any:
    """Calls ``sni_callback``, which can change the context. Returns the alert that rejects the client, or None."""
    callback = side._context.sni_callback
    if callback is None:
        return None
    try:
        answer = callback(side, server_name, side._context)
    except Exception as error:
        unraisable.report(error, about=callback)
        return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
    if answer is None:
        return None
    try:
        return int(answer)
    except (TypeError, ValueError) as error:
        problem = TypeError("servername callback must return None or an integer").with_traceback(error.__traceback__)
        unraisable.report(problem, about=answer)
        return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
