"""``ssl.SSLObject``: TLS between two buffers in memory, for async libraries that make their own connections.

Node supports TLS only over streams, so an object contains a pair of them. One end is used by TLS, and the bytes of the
buffers pass through the other end. Pyodide's stub (seen in 314.0.7) raises errors. Can be deleted when Pyodide has
OpenSSL.

Proved by ``python/tests/stdlib/test_ssl_connections.py``.
"""

from __future__ import annotations

import ssl
import weakref
from typing import Any, Optional

from ..._border import bridge, host
from ..._border.javascript import bytes_of
from .. import readiness
from . import errors
from .handshake import begin, finish, is_under_way
from .session import check_wrapping
from .side import Side

_StubBIO = ssl.MemoryBIO

#: Number of turns of Node's event loop without a change after which TLS has nothing more to send.
_IDLE_TURNS = 6
_CHUNK = 64 * 1024


class MemoryBIO(_StubBIO):  # type: ignore[misc]
    """A memory buffer that can be used to pass data between Python and an SSL protocol instance."""

    __module__ = "ssl"
    _eof: bool

    def write(self, data: Any) -> int:
        if self._eof:
            raise ssl.SSLError("cannot write() after write_eof()")
        return super().write(data)


class SSLObject(Side):
    """This class implements an interface on top of a low-level SSL object as
    implemented by OpenSSL. This object captures the state of an SSL connection
    but does not provide any network IO itself.
    """

    __module__ = "ssl"
    _maker = "SSLContext.wrap_bio()"

    #: Buffers of the script.
    _incoming: Any
    _outgoing: Any
    _server_side: bool
    _server_hostname: Optional[str]
    #: Ends of the pair, as numbers of the host. TLS uses the near one.
    _near: int
    _far: int
    _is_started: bool
    _is_incoming_over: bool
    _is_closed: bool

    @classmethod
    def _create(
        cls,
        incoming: Any,
        outgoing: Any,
        server_side: bool = False,
        server_hostname: Optional[str] = None,
        session: Any = None,
        context: Any = None,
    ) -> SSLObject:
        check_wrapping(context, server_side, server_hostname, session)
        self = cls.__new__(cls)
        self._begin(context)
        self._incoming, self._outgoing = incoming, outgoing
        self._server_side, self._server_hostname = server_side, server_hostname
        self._is_started = self._is_incoming_over = self._is_closed = False
        self._near, self._far = host.sockets.open_pair()
        if session is not None:
            self.session = session
        weakref.finalize(self, _release, self._near, self._far)
        return self

    @property
    def _sslobj(self) -> SSLObject:
        """Object that libraries use to get information about the peer: here the object itself."""
        return self

    def _host_socket(self) -> int:
        return self._near

    @property
    def server_side(self) -> bool:
        return self._server_side

    @property
    def server_hostname(self) -> Optional[str]:
        return self._server_hostname

    # --- between the buffers and TLS --------------------------------------------------------------------------------

    def _feed(self) -> None:
        """Passes received data to TLS."""
        while self._incoming.pending:
            data = self._incoming.read(_CHUNK)
            host.sockets.write(self._far, bytes_of(data))
        if self._incoming.eof and self._session is None and not self._is_incoming_over:
            self._is_incoming_over = True  # ends the handshake
            host.sockets.shutdown(self._far, False, True)

    def _drain(self) -> bool:
        """Takes the data that TLS has to send, and returns whether there was any."""
        has_moved = False
        while True:
            data = host.sockets.read(self._far, _CHUNK, False)
            if data is None or isinstance(data, str) or not len(data):
                return has_moved
            self._outgoing.write(data.to_bytes())
            has_moved = True

    def _run_until(self, is_done: Any) -> bool:
        """Lets TLS work until the condition holds or there is nothing to do. Returns whether the condition holds."""
        self._feed()
        idle = 0
        while idle < _IDLE_TURNS:
            if is_done():
                self._drain()
                return True
            bridge.sleep_ms(0)
            idle = 0 if self._drain() else idle + 1
        return bool(is_done())

    def do_handshake(self) -> None:
        if self._session is not None:
            return
        if not self._is_started:
            begin(self, self._near)
            self._is_started = True
        if not self._run_until(lambda: not is_under_way(self, self._near)):
            raise _want_read()
        self._session = finish(self, self._near)
        # Sends the rest of the handshake: Finished of TLS 1.3, and the tickets of a server.
        self._run_until(lambda: False)

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        if self._session is None:
            self.do_handshake()
        data = host.sockets.read(self._near, len, False)
        if data is None:
            self._run_until(lambda: host.sockets.readiness(self._near) & readiness.READABLE)
            data = host.sockets.read(self._near, len, False)
        if data is None and self._incoming.eof:
            raise errors.unexpected_end()
        if data is None:
            raise _want_read()
        if isinstance(data, str):
            readiness.fail(data)
        raw: bytes = data.to_bytes()
        if not raw and len and self._is_closed:
            raise errors.ended()
        if buffer is None:
            return raw
        count = memoryview(raw).nbytes
        memoryview(buffer).cast("B")[:count] = raw
        return count

    def write(self, data: Any) -> int:
        if self._session is None:
            self.do_handshake()
        if self._is_closed:
            raise errors.ssl_error("PROTOCOL_IS_SHUTDOWN")
        view = memoryview(data).cast("B")
        taken = host.sockets.write(self._near, bytes_of(view[:_CHUNK]))
        self._run_until(lambda: False)
        if taken is None:
            message = "The operation did not complete (write) (_ssl.c:2406)"
            raise ssl.SSLWantWriteError(ssl.SSL_ERROR_WANT_WRITE, message)
        if isinstance(taken, str):
            readiness.fail(taken)
        return int(taken)

    def unwrap(self) -> None:
        """Closes TLS in this direction, and waits for the peer to do the same."""
        if not self._is_closed:
            self._is_closed = True
            host.sockets.shutdown(self._near, False, True)
        if not self._run_until(lambda: host.sockets.is_ended(self._near)):
            raise errors.unexpected_end() if self._incoming.eof else _want_read()

    def pending(self) -> int:
        return int(host.sockets.buffered_bytes(self._near))


def _want_read() -> ssl.SSLWantReadError:
    return ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read) (_ssl.c:1077)")


def _release(near: int, far: int) -> None:
    host.sockets.close(near, True)
    host.sockets.close(far, True)
