"""Contexts and a server on loopback for tests of ``ssl``, with the certificates in the folder next to this file."""

import contextlib
import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Callable, Iterator, Tuple

from limits import LIMIT

CERTIFICATES = Path(__file__).parent / "certificates"
AUTHORITY, LOCALHOST, OTHER = (str(CERTIFICATES / f"{name}.pem") for name in ("authority", "localhost", "other"))


def client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(AUTHORITY)
    return context


def server_context(certificate: str = LOCALHOST) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def echo(connection: Any) -> None:
    while True:
        data = connection.recv(1024)
        if not data:
            return
        connection.sendall(data)


@contextlib.contextmanager
def serving(context: ssl.SSLContext, serve: Callable[[Any], Any] = echo) -> Iterator[Tuple[str, int]]:
    """Starts a server that handles one connection after another, and yields its address. Ignores errors."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as secured:
                serve(secured)

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        with contextlib.suppress(OSError):
            socket.create_connection(listener.getsockname(), 1).close()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@contextlib.contextmanager
def connected(context: ssl.SSLContext, address: Tuple[str, int], **options: Any) -> Iterator[Any]:
    with socket.create_connection(address, LIMIT) as plain:
        with context.wrap_socket(plain, server_hostname="localhost", **options) as secured:
            yield secured
