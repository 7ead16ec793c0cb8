"""``ssl.SSLSocket`` over the TLS of Node.

Pyodide's stub (seen in 314.0.7) cannot make a handshake without its NodeSockFS, and checks no certificate with it. Can
go when Pyodide has OpenSSL.
"""

from __future__ import annotations

import errno
import socket
import ssl
from typing import Any, Optional, Tuple

from . import _socket_door as door
from . import _tls_errors
from ._socket_door import READABLE, WRITABLE
from ._socket_table import descriptions
from ._tls_session import Session, check_wrapping


class SSLSocket(socket.socket):
    """This class implements a subtype of socket.socket that wraps
    the underlying OS socket in an SSL context when necessary, and
    provides read and write methods over that channel.
    """

    __module__ = "ssl"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise TypeError(
            f"{self.__class__.__name__} does not have a public constructor. "
            f"Instances are returned by SSLContext.wrap_socket()."
        )

    @classmethod
    def _create(
        cls,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: Any = None,
        context: Any = None,
        session: Any = None,
    ) -> SSLSocket:
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) != socket.SOCK_STREAM:
            raise NotImplementedError("only stream sockets are supported")
        check_wrapping(context, server_side, server_hostname, session)
        timeout = sock.gettimeout()
        self = cls.__new__(cls)
        super(SSLSocket, self).__init__(family=sock.family, type=sock.type, proto=sock.proto, fileno=sock.fileno())
        sock.detach()
        self.settimeout(timeout)
        self._context = context
        self._session: Optional[Session] = None
        self._is_failed = False
        self.server_side = server_side
        self.server_hostname = context._encode_hostname(server_hostname)
        self.do_handshake_on_connect = do_handshake_on_connect
        self.suppress_ragged_eofs = suppress_ragged_eofs
        self._connected = self._is_connected()
        if self._connected and do_handshake_on_connect:
            try:
                if timeout == 0.0:
                    raise ValueError("do_handshake_on_connect should not be specified for non-blocking sockets")
                self.do_handshake()
            except BaseException:
                self.close()
                raise
        return self

    def _is_connected(self) -> bool:
        try:
            self.getpeername()
        except OSError as error:
            if error.errno != errno.ENOTCONN:
                raise
            return False
        return True

    @property
    def context(self) -> Any:
        return self._context

    @context.setter
    def context(self, context: Any) -> None:
        self._context = context

    @property
    def _sslobj(self) -> Optional[SSLSocket]:
        """What libraries (httpcore 1.0.9) ask about the peer: here the socket itself, once the handshake is over."""
        return None if self._session is None else self

    @property
    def session(self) -> None:
        return None

    @property
    def session_reused(self) -> Optional[bool]:
        return None if self._session is None else self._session.is_reused

    # --- handshake --------------------------------------------------------------------------------------------------

    def do_handshake(self, block: bool = False) -> None:
        if self._session is not None:
            return
        if not self._connected:
            raise OSError(errno.ENOTCONN, "Socket is not connected")
        number = descriptions[self.fileno()].number
        if door.sockets.tls_state(number) == "none":
            settings = self._context.handshake_settings(self.server_side, self.server_hostname)
            door.sockets.start_tls(number, self._context.host_context(), settings)
        self._wait_for_handshake(number, door.Deadline(None if block else self.gettimeout()))
        report = str(door.sockets.tls_report(number))
        if door.sockets.tls_state(number) == "failed":
            self._is_failed = True
            raise _tls_errors.error_of(report, self.server_hostname)
        session = Session(report)
        try:
            session.check_strictly(self._context)
        except ssl.SSLError:
            self._is_failed = True
            self.shutdown(socket.SHUT_RDWR)
            raise
        self._session = session
        if self.server_side and self._context.sni_callback is not None:
            # After the handshake, not in it: what the callback returns cannot change the certificate any more.
            self._context.sni_callback(self, session.server_name, self._context)

    def _wait_for_handshake(self, number: int, deadline: door.Deadline) -> None:
        while door.sockets.tls_state(number) == "pending":
            if deadline.timeout == 0:
                raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read)")
            left = deadline.left_ms()
            if left == 0 or not door.wait_ready((number,), (READABLE | WRITABLE,), left):
                raise TimeoutError("_ssl.c:1077: The handshake operation timed out")

    def _secured(self) -> Session:
        if self._session is None:
            if self._is_failed:
                raise ssl.SSLError(1, "[SSL] the handshake failed (_ssl.c:2580)")
            self.do_handshake()
        assert self._session is not None
        return self._session

    # --- data -------------------------------------------------------------------------------------------------------

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        self._secured()
        try:
            if buffer is not None:
                return socket.socket.recv_into(self, buffer, len)
            return socket.socket.recv(self, len)
        except BlockingIOError:
            raise ssl.SSLWantReadError(
                ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read) (_ssl.c:2580)"
            ) from None
        except TimeoutError:
            raise TimeoutError("The read operation timed out") from None

    def write(self, data: Any) -> int:
        self._secured()
        try:
            return socket.socket.send(self, data)
        except BlockingIOError:
            raise ssl.SSLWantWriteError(
                ssl.SSL_ERROR_WANT_WRITE, "The operation did not complete (write) (_ssl.c:2406)"
            ) from None
        except TimeoutError:
            raise TimeoutError("The write operation timed out") from None

    def _refuse_flags(self, flags: int, call: str) -> None:
        if flags != 0:
            raise ValueError(f"non-zero flags not allowed in calls to {call}() on {self.__class__}")

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        self._refuse_flags(flags, "recv")
        return self.read(buflen)  # type: ignore[no-any-return]

    def recv_into(self, buffer: Any, nbytes: Optional[int] = None, flags: int = 0) -> int:
        self._refuse_flags(flags, "recv_into")
        if nbytes is None:
            nbytes = len(memoryview(buffer).cast("B")) or 1024
        return self.read(nbytes, buffer)  # type: ignore[no-any-return]

    def send(self, data: Any, flags: int = 0) -> int:
        self._refuse_flags(flags, "send")
        return self.write(data)

    def sendall(self, data: Any, flags: int = 0) -> None:
        self._refuse_flags(flags, "sendall")
        self._secured()
        try:
            socket.socket.sendall(self, data)
        except TimeoutError:
            raise TimeoutError("The write operation timed out") from None

    def sendfile(self, file: Any, offset: int = 0, count: Optional[int] = None) -> int:
        return self._sendfile_use_send(file, offset, count)  # type: ignore[attr-defined,no-any-return]

    def sendto(self, *args: Any) -> int:
        raise ValueError(f"sendto not allowed on instances of {self.__class__}")

    def recvfrom(self, *args: Any, **options: Any) -> Any:
        raise ValueError(f"recvfrom not allowed on instances of {self.__class__}")

    def recvfrom_into(self, *args: Any, **options: Any) -> Any:
        raise ValueError(f"recvfrom_into not allowed on instances of {self.__class__}")

    def recvmsg(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError(f"recvmsg not allowed on instances of {self.__class__}")

    def recvmsg_into(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError(f"recvmsg_into not allowed on instances of {self.__class__}")

    def sendmsg(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError(f"sendmsg not allowed on instances of {self.__class__}")

    def dup(self) -> SSLSocket:
        raise NotImplementedError(f"Can't dup() {self.__class__.__name__} instances")

    def pending(self) -> int:
        return int(door.sockets.buffered_bytes(descriptions[self.fileno()].number))

    # --- the peer ---------------------------------------------------------------------------------------------------

    def getpeercert(self, binary_form: bool = False) -> Any:
        if self._session is None:
            raise ValueError("handshake not done yet")
        return self._session.peer_certificate(binary_form, self._context)

    def get_verified_chain(self) -> Any:
        return [] if self._session is None or self._context.verify_mode == ssl.CERT_NONE else list(self._session.chain)

    def get_unverified_chain(self) -> Any:
        return [] if self._session is None else list(self._session.chain)

    def cipher(self) -> Optional[Tuple[str, str, int]]:
        return None if self._session is None else self._session.cipher()

    def version(self) -> Optional[str]:
        return None if self._session is None else self._session.version

    def selected_alpn_protocol(self) -> Optional[str]:
        return None if self._session is None else self._session.protocol

    def selected_npn_protocol(self) -> None:
        return None

    def compression(self) -> None:
        return None

    def shared_ciphers(self) -> None:
        return None

    def get_channel_binding(self, cb_type: str = "tls-unique") -> Optional[bytes]:
        if cb_type not in ssl.CHANNEL_BINDING_TYPES:
            raise ValueError(f"{cb_type} channel binding type not implemented")
        return None if self._session is None else self._session.channel_binding(cb_type)

    def verify_client_post_handshake(self) -> None:
        raise NotImplementedError("Post-handshake authentication does not exist here")

    # --- connections ------------------------------------------------------------------------------------------------

    def connect(self, addr: Any) -> None:
        if self.server_side:
            raise ValueError("can't connect in server-side mode")
        if self._connected:
            raise ValueError("attempt to connect already-connected SSLSocket!")
        super().connect(addr)
        self._connected = True
        if self.do_handshake_on_connect:
            self.do_handshake()

    def connect_ex(self, addr: Any) -> int:
        try:
            self.connect(addr)
        except OSError as error:
            if isinstance(error, ssl.SSLError):
                raise
            return error.errno or errno.EAGAIN
        return 0

    def accept(self) -> Tuple[SSLSocket, Any]:
        plain, addr = super().accept()
        secured = self._context.wrap_socket(
            plain,
            do_handshake_on_connect=self.do_handshake_on_connect,
            suppress_ragged_eofs=self.suppress_ragged_eofs,
            server_side=True,
        )
        return secured, addr

    def unwrap(self) -> SSLSocket:
        """Ends TLS; the connection ends with it, since Node cannot go on in plain."""
        if self._session is None:
            raise ValueError(f"No SSL wrapper around {self}")
        self.shutdown(socket.SHUT_WR)
        self._session, self._is_failed = None, True
        return self
