"""``ssl.SSLSocket``, implemented with the TLS of Node.

Pyodide's stub (seen in 314.0.7) cannot make a handshake without its NodeSockFS, and with it checks no certificate. Can
be deleted when Pyodide has OpenSSL.

Proved by ``python/tests/stdlib/test_ssl_connections.py``.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from typing import Any, Optional, Tuple

from ..._border import host
from .. import readiness
from ..readiness import READABLE, WRITABLE
from ..sockets.open_sockets import descriptions
from . import errors
from .handshake import begin, finish, is_under_way
from .session import check_wrapping
from .side import Side


class SSLSocket(Side, socket.socket):
    """This class implements a subtype of socket.socket that wraps
    the underlying OS socket in an SSL context when necessary, and
    provides read and write methods over that channel.
    """

    __module__ = "ssl"
    _maker = "SSLContext.wrap_socket()"

    server_hostname: Optional[str]
    do_handshake_on_connect: bool
    suppress_ragged_eofs: bool
    _connected: bool
    _is_failed: bool
    #: Whether TLS has ended and the connection continues unencrypted.
    _is_plain: bool

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
        try:
            name = context._encode_hostname(server_hostname)
        except BaseException:
            sock.close()  # CPython also closes it here
            raise
        timeout = sock.gettimeout()
        self = cls.__new__(cls)
        socket.socket.__init__(self, family=sock.family, type=sock.type, proto=sock.proto, fileno=sock.fileno())
        sock.detach()
        self.settimeout(timeout)
        self._begin(context)
        self._is_failed = self._is_plain = False
        self.server_side = server_side
        self.server_hostname = name
        if session is not None:
            self.session = session
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
    def _sslobj(self) -> Optional[SSLSocket]:
        """Object that libraries (httpcore 1.0.9) use to learn about the peer: the socket after its handshake."""
        return None if self._session is None else self

    def _host_socket(self) -> int:
        return descriptions[self.fileno()].number

    # --- handshake --------------------------------------------------------------------------------------------------

    def do_handshake(self, block: bool = False) -> None:
        if self._session is not None:
            return
        if not self._connected:
            self.getpeername()  # raises an error, unless a non-blocking connect has succeeded since
            self._connected = True
        number = descriptions[self.fileno()].number
        if host.tls.state(number) == "none":
            begin(self, number)
        self._wait_for_handshake(number, readiness.Deadline(None if block else self.gettimeout()))
        if host.tls.state(number) == "failed":
            self._is_failed = True
        try:
            self._session = finish(self, number)
        except ssl.SSLCertVerificationError:
            if not self._is_failed:
                self._is_failed = True
                self.shutdown(socket.SHUT_RDWR)
            raise

    def _wait_for_handshake(self, number: int, deadline: readiness.Deadline) -> None:
        while is_under_way(self, number):
            self._wait(number, deadline, "_ssl.c:1077: The handshake operation timed out")

    def _wait(self, number: int, deadline: readiness.Deadline, words: str, bits: int = READABLE | WRITABLE) -> None:
        if deadline.timeout == 0:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read)")
        left = deadline.left_ms()
        if left == 0 or not readiness.wait_ready((number,), (bits,), left):
            raise TimeoutError(words)

    def _is_secured(self) -> bool:
        """Returns whether data passes through TLS.

        It makes the handshake if that is missing, and is False if not connected.
        """
        if self._session is not None or self._is_plain:
            return not self._is_plain
        if self._is_failed:
            raise ssl.SSLError(1, "[SSL] the handshake failed (_ssl.c:2580)")
        if self.fileno() == -1 or not (self._connected or self._is_connected()):
            return False
        self.do_handshake()
        return True

    # --- data -------------------------------------------------------------------------------------------------------

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        if self.fileno() == -1 or not self._is_secured():
            raise ValueError("Read on closed or unwrapped SSL socket.")
        size = len if len >= 0 or buffer is None else memoryview(buffer).nbytes
        if size < 0:
            raise ValueError("size should not be negative")
        if size == 0:
            return b"" if buffer is None else 0
        try:
            if buffer is not None:
                return socket.socket.recv_into(self, buffer, size)
            return socket.socket.recv(self, size)
        except ssl.SSLEOFError:
            if not self.suppress_ragged_eofs:
                raise
            return b"" if buffer is None else 0
        except BlockingIOError:
            raise ssl.SSLWantReadError(
                ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read) (_ssl.c:2580)"
            ) from None
        except TimeoutError:
            raise TimeoutError("The read operation timed out") from None

    def write(self, data: Any) -> int:
        if self.fileno() == -1 or not self._is_secured():
            raise ValueError("Write on closed or unwrapped SSL socket.")
        try:
            if self.gettimeout() == 0:
                return socket.socket.send(self, data)
            socket.socket.sendall(self, data)
            return memoryview(data).nbytes
        except BlockingIOError:
            raise ssl.SSLWantWriteError(
                ssl.SSL_ERROR_WANT_WRITE, "The operation did not complete (write) (_ssl.c:2406)"
            ) from None
        except TimeoutError:
            raise TimeoutError("The write operation timed out") from None

    def _refuse_flags(self, flags: int, call: str) -> None:
        if flags != 0:
            raise ValueError(f"non-zero flags not allowed in calls to {call}() on {self.__class__}")

    def _refuse(self, call: str) -> None:
        if self._connected:
            raise ValueError(f"{call} not allowed on instances of {self.__class__}")

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        if not self._is_secured():
            return super().recv(buflen, flags)
        self._refuse_flags(flags, "recv")
        return self.read(buflen)  # type: ignore[no-any-return]

    def recv_into(self, buffer: Any, nbytes: Optional[int] = None, flags: int = 0) -> int:
        if not self._is_secured():
            return super().recv_into(buffer, nbytes or 0, flags)
        self._refuse_flags(flags, "recv_into")
        if nbytes is None:
            nbytes = memoryview(buffer).nbytes
            if not nbytes:
                return 0
        return self.read(nbytes, buffer)  # type: ignore[no-any-return]

    def send(self, data: Any, flags: int = 0) -> int:
        if not self._is_secured():
            return super().send(data, flags)
        self._refuse_flags(flags, "send")
        return self.write(data)

    def sendall(self, data: Any, flags: int = 0) -> None:
        if not self._is_secured():
            return super().sendall(data, flags)
        self._refuse_flags(flags, "sendall")
        try:
            return socket.socket.sendall(self, data)
        except TimeoutError:
            raise TimeoutError("The write operation timed out") from None

    def sendfile(self, file: Any, offset: int = 0, count: Optional[int] = None) -> int:
        return self._sendfile_use_send(file, offset, count)  # type: ignore[attr-defined,no-any-return]

    def sendto(self, *args: Any) -> int:
        self._refuse("sendto")
        return super().sendto(*args)

    def recvfrom(self, buflen: int = 1024, flags: int = 0) -> Any:
        self._refuse("recvfrom")
        return super().recvfrom(buflen, flags)

    def recvfrom_into(self, buffer: Any, nbytes: Optional[int] = None, flags: int = 0) -> Any:
        self._refuse("recvfrom_into")
        return super().recvfrom_into(buffer, nbytes or 0, flags)

    def recvmsg(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError(f"recvmsg not allowed on instances of {self.__class__}")

    def recvmsg_into(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError(f"recvmsg_into not allowed on instances of {self.__class__}")

    def sendmsg(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError(f"sendmsg not allowed on instances of {self.__class__}")

    def dup(self) -> SSLSocket:
        raise NotImplementedError(f"Can't dup() {self.__class__.__name__} instances")

    def pending(self) -> int:
        return 0 if self._session is None else int(host.sockets.buffered_bytes(descriptions[self.fileno()].number))

    def getpeercert(self, binary_form: bool = False) -> Any:
        if self._session is None and not self._connected:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return super().getpeercert(binary_form)

    def _real_close(self, *args: Any) -> None:
        self._session = None
        super()._real_close(*args)  # type: ignore[misc]

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
            if isinstance(error, (ssl.SSLError, socket.gaierror)):
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
        """Ends TLS.

        A connection that started unencrypted continues unencrypted. Otherwise it ends too, as Node requires.
        """
        if self._session is None:
            raise ValueError(f"No SSL wrapper around {self}")
        number = descriptions[self.fileno()].number
        deadline = readiness.Deadline(self.gettimeout())
        if host.tls.state(number) != "ending" and not host.tls.end(number):
            self._end_with_connection(number, deadline)
            return self
        while host.tls.state(number) == "ending":
            self._wait(number, deadline, "The read operation timed out")
        if host.tls.state(number) == "cut":
            raise errors.unexpected_end()
        self._session, self._is_plain = None, True
        return self

    def _end_with_connection(self, number: int, deadline: readiness.Deadline) -> None:
        """Closes TLS, and waits for the peer to close it or to end the connection, which look the same here."""
        self.shutdown(socket.SHUT_WR)
        while not host.sockets.is_ended(number):
            data = host.sockets.read(number, 1, False)
            if data is None:
                self._wait(number, deadline, "The read operation timed out", READABLE)
            elif isinstance(data, str):
                readiness.fail(data)
            elif len(data):
                raise errors.ssl_error("APPLICATION_DATA_AFTER_CLOSE_NOTIFY")
            else:
                break
        self._session, self._is_failed = None, True
