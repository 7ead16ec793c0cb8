"""``ssl``: errors, shutdowns, ciphers and certificates of one end, as the other end sees them."""

import select
import socket
import ssl
import struct
import threading
from pathlib import Path
from typing import Any, Callable, List, Optional

import pytest
from limits import LIMIT
from tls import CERTIFICATES, client_context, connected, server_context, serving

RENEWED, RENEWED_AUTHORITY = (str(CERTIFICATES / f"{name}.pem") for name in ("renewed", "renewed-authority"))


def server_outcomes(client: Callable[[socket.socket], Any], context: Optional[ssl.SSLContext] = None) -> List[Any]:
    """Runs a handshake with a client function, and returns the shared ciphers and exceptions at the server."""
    outcomes: List[Any] = []

    def serve(listener: socket.socket) -> None:
        plain, _ = listener.accept()
        plain.settimeout(LIMIT)
        try:
            with (context or server_context()).wrap_socket(plain, server_side=True) as secured:
                outcomes.append(secured.shared_ciphers())
                secured.recv(1)
        except OSError as error:
            outcomes.append(error)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        with socket.create_connection(listener.getsockname(), LIMIT) as plain:
            client(plain)
        thread.join()
    return outcomes


def refuse(context: ssl.SSLContext, name: str) -> Callable[[socket.socket], None]:
    def client(plain: socket.socket) -> None:
        with pytest.raises(ssl.SSLCertVerificationError):
            context.wrap_socket(plain, server_hostname=name)

    return client


def hello(plain: socket.socket) -> None:
    """Sends half of the first record of a handshake."""
    plain.sendall(bytes.fromhex("16030100050100"))


def reset(plain: socket.socket) -> None:
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    plain.close()


@pytest.mark.parametrize("client", [lambda plain: plain.close(), hello])
def test_a_client_that_closes_during_the_handshake_raises_ssl_eof_error_at_the_server(client: Any) -> None:
    (error,) = server_outcomes(client)

    assert isinstance(error, ssl.SSLEOFError)
    assert error.reason == "UNEXPECTED_EOF_WHILE_READING"


@pytest.mark.parametrize("is_server", [True, False])
def test_a_peer_that_closed_before_the_handshake_raises_ssl_eof_error(is_server: bool) -> None:
    context = server_context() if is_server else client_context()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), LIMIT)
        served, _ = listener.accept()
        left, stayed = (client, served) if is_server else (served, client)
        left.close()
        with stayed:
            assert select.select([stayed], [], [], LIMIT)[0]
            stayed.settimeout(LIMIT)
            with pytest.raises(ssl.SSLEOFError):
                context.wrap_socket(stayed, server_side=is_server, server_hostname=None if is_server else "localhost")


def test_a_client_that_resets_the_handshake_raises_connection_reset_error_at_the_server() -> None:
    (error,) = server_outcomes(reset)

    assert isinstance(error, ConnectionResetError)


@pytest.mark.parametrize(
    ("context", "name", "reason"),
    [
        (ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "localhost", "ALERT_UNKNOWN_CA"),
        (client_context(), "example.org", "ALERT_BAD_CERTIFICATE"),
    ],
)
def test_a_server_receives_the_reason_why_its_certificate_is_refused(
    context: ssl.SSLContext, name: str, reason: str
) -> None:
    (error,) = server_outcomes(refuse(context, name))

    assert type(error) is ssl.SSLError
    assert error.reason.endswith(reason)


def test_an_http_request_instead_of_a_handshake_is_refused_with_its_reason() -> None:
    (error,) = server_outcomes(lambda plain: plain.sendall(b"GET / HTTP/1.1\r\n\r\n"))

    assert (type(error), error.reason) == (ssl.SSLError, "HTTP_REQUEST")


def test_shared_ciphers_returns_all_ciphers_of_both_ends_at_the_server() -> None:
    def client(plain: socket.socket) -> None:
        context = client_context()
        context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-SHA256")
        with context.wrap_socket(plain, server_hostname="localhost") as secured:
            assert secured.shared_ciphers() is None

    context = server_context()
    context.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384")
    (shared,) = server_outcomes(client, context)

    assert [each for each in shared if each[1] == "TLSv1.2"] == [
        ("ECDHE-RSA-AES256-GCM-SHA384", "TLSv1.2", 256),
        ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2", 128),
    ]
    assert ("TLS_AES_128_GCM_SHA256", "TLSv1.3", 128) in shared


def test_a_client_hello_in_several_pieces_is_accepted() -> None:
    def client(plain: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        secured = client_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        while True:
            try:
                secured.do_handshake()
                plain.sendall(outgoing.read() if outgoing.pending else b"")
                return
            except ssl.SSLWantReadError:
                data = outgoing.read()
                for start in range(0, len(data), 100):
                    plain.sendall(data[start : start + 100])
                    if start < 300:
                        threading.Event().wait(0.002)
                incoming.write(plain.recv(65536))

    (shared,) = server_outcomes(client)

    assert len(shared) > 3


def hello_server(shuts_down_tls: bool) -> Callable[[socket.socket], None]:
    """Returns a handler that sends "hello", and closes the connection with or without a TLS shutdown."""

    def serve(plain: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        secured = server_context().wrap_bio(incoming, outgoing, server_side=True)
        is_over = False
        while not is_over:
            try:
                secured.do_handshake()
                secured.write(b"hello")
                is_over = True
            except ssl.SSLWantReadError:
                pass
            if outgoing.pending:
                plain.sendall(outgoing.read())
            if not is_over:
                incoming.write(plain.recv(65536))
        if shuts_down_tls:
            try:
                secured.unwrap()
            except ssl.SSLWantReadError:
                plain.sendall(outgoing.read())
        plain.shutdown(socket.SHUT_WR)
        while plain.recv(65536):
            pass

    return serve


def read_after_hello(shuts_down_tls: bool, suppresses: bool, read: Callable[[ssl.SSLSocket], Any]) -> Any:
    """Connects to such a server, and returns the result or exception of a read after "hello"."""

    def serve(listener: socket.socket) -> None:
        plain, _ = listener.accept()
        with plain:
            hello_server(shuts_down_tls)(plain)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        with socket.create_connection(listener.getsockname(), LIMIT) as plain:
            context = client_context()
            with context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=suppresses) as secured:
                assert secured.recv(5) == b"hello"
                try:
                    answer: Any = read(secured)
                except OSError as error:
                    answer = error
        thread.join()
    return answer


READS = (
    lambda secured: secured.recv(5),
    lambda secured: secured.read(5),
    lambda secured: secured.recv_into(bytearray(5)) or b"",
    lambda secured: secured.makefile("rb").read(),
)


@pytest.mark.parametrize("read", READS)
def test_reads_raise_ssl_eof_error_only_after_an_end_without_a_tls_shutdown(read: Any) -> None:
    error = read_after_hello(shuts_down_tls=False, suppresses=False, read=read)

    assert isinstance(error, ssl.SSLEOFError)
    assert error.args[0] == ssl.SSL_ERROR_EOF
    assert read_after_hello(shuts_down_tls=True, suppresses=False, read=read) == b""
    assert read_after_hello(shuts_down_tls=False, suppresses=True, read=read) == b""


def test_unwrap_raises_ssl_eof_error_after_an_end_without_a_tls_shutdown() -> None:
    error = read_after_hello(shuts_down_tls=False, suppresses=False, read=lambda secured: secured.unwrap())

    assert isinstance(error, ssl.SSLEOFError)


@pytest.mark.parametrize("is_strict", [False, True])
def test_a_trusted_authority_replaces_an_outdated_authority_sent_by_the_server(is_strict: bool) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(RENEWED_AUTHORITY)
    if is_strict:
        context.verify_flags |= ssl.VERIFY_X509_STRICT

    with serving(server_context(RENEWED)) as address, connected(context, address) as secured:
        if not hasattr(secured, "get_verified_chain"):
            return  # Python 3.13 added these methods
        sent, verified = secured.get_unverified_chain(), secured.get_verified_chain()

    text = Path(RENEWED).read_text()
    pems = [part + ssl.PEM_FOOTER for part in text.split(ssl.PEM_FOOTER)[:2]]
    certificates = [ssl.PEM_cert_to_DER_cert(pem[pem.index(ssl.PEM_HEADER) :]) for pem in pems]
    assert sent == certificates
    assert verified == [certificates[0], ssl.PEM_cert_to_DER_cert(Path(RENEWED_AUTHORITY).read_text())]


def test_unwrap_waits_for_the_tls_shutdown_of_the_peer() -> None:
    order: List[str] = []

    def unwrap(secured: ssl.SSLSocket) -> None:
        secured.unwrap()
        order.append("server")

    with serving(server_context(), unwrap) as address, connected(client_context(), address) as secured:
        assert secured.recv(1) == b""  # the TLS shutdown of the server
        order.append("client")
        secured.unwrap()

    assert order == ["client", "server"]


def test_closing_sends_all_written_data_without_a_tls_shutdown() -> None:
    def serve(listener: socket.socket) -> None:
        plain, _ = listener.accept()
        with server_context().wrap_socket(plain, server_side=True) as secured:
            secured.sendall(b"x" * 300_000)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        with socket.create_connection(listener.getsockname(), LIMIT) as plain:
            context = client_context()
            with context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as secured:
                received = 0
                with pytest.raises(ssl.SSLEOFError):
                    while got := len(secured.recv(65536)):
                        received += got
        thread.join()
    assert received == 300_000
