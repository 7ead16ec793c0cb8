"""Servers on loopback for tests of HTTP. A function handles each connection in its own thread."""

import contextlib
import socket
import ssl
import struct
import threading
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional

from limits import LIMIT

CERTIFICATES = Path(__file__).parent / "certificates"
AUTHORITY = str(CERTIFICATES / "authority.pem")


def server_context(name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{name}.pem")
    return context


@contextlib.contextmanager
def serving(serve: Callable[[Any], Any], context: Optional[ssl.SSLContext] = None) -> Iterator[int]:
    """Starts a server, and yields its port. Closes each connection after `serve`, or at the end of the test."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: List[threading.Thread] = []
    connections: List[Any] = []

    def handle(connection: Any) -> None:
        with contextlib.suppress(OSError), connection:
            if context is None:
                serve(connection)
            else:
                with context.wrap_socket(connection, server_side=True) as secured:
                    connections.append(secured)
                    serve(secured)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            if is_over.is_set():
                connection.close()
                return
            connections.append(connection)
            threads.append(threading.Thread(target=handle, args=(connection,)))
            threads[-1].start()

    is_over = threading.Event()
    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        is_over.set()
        socket.create_connection(listener.getsockname(), LIMIT).close()
        accepting.join()
        listener.close()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def read_request(connection: Any) -> bytes:
    """Reads the head of a request, and returns it with all bytes received after it."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(4096)
        if not part:
            raise ConnectionError("no request")
        data += part
    return data


def answer(*parts: bytes) -> Callable[[Any], None]:
    """Returns a handler that reads one request and sends these parts."""

    def serve(connection: Any) -> None:
        read_request(connection)
        for part in parts:
            connection.sendall(part)

    return serve


def stall(connection: Any) -> None:
    """Reads until the client closes the connection, and never answers."""
    while connection.recv(4096):
        pass


def reset(connection: Any) -> None:
    """Resets the connection instead of answering."""
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def ok(body: bytes, *headers: bytes) -> bytes:
    head = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", b""]
    return b"\r\n".join(head) + body
