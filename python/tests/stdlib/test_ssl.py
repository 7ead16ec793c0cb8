"""``ssl``: contexts, and connections on loopback with the certificates in a folder beside this."""

import contextlib
import select
import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Callable, Iterator, List, Tuple

import pytest

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
    """A server that serves one connection after another; what fails there is the client's to notice."""
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
    with socket.create_connection(address, 5) as plain:
        with context.wrap_socket(plain, server_hostname="localhost", **options) as secured:
            yield secured


# --- contexts -------------------------------------------------------------------------------------------------------


def test_a_context_begins_with_safe_settings() -> None:
    context = ssl.create_default_context()

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.maximum_version == ssl.TLSVersion.MAXIMUM_SUPPORTED
    assert context.options & ssl.OP_NO_COMPRESSION and context.options >= 0


def test_options_are_numbers_that_fit_into_openssl() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    context.options = 0
    assert context.options & ~ssl.OP_NO_SSLv3 == 0
    with pytest.raises(TypeError):
        context.options = "abc"  # type: ignore[assignment]
    with pytest.raises(OverflowError):
        context.options = 1 << 100  # type: ignore[assignment]


def test_old_protocols_and_versions_warn_in_the_name_of_the_caller() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    with pytest.warns(DeprecationWarning, match=r"ssl\.TLSVersion\.TLSv1_1 is deprecated") as versions:
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match=r"ssl\.PROTOCOL_TLS is deprecated") as protocols:
        ssl.SSLContext(ssl.PROTOCOL_TLS)
    with pytest.warns(DeprecationWarning, match="options are deprecated") as options:
        context.options |= ssl.OP_NO_TLSv1_2

    assert {warning.filename for warning in [*versions, *protocols, *options]} == {__file__}


def test_purposes_are_objects_that_openssl_knows() -> None:
    assert ssl.Purpose.SERVER_AUTH.shortname == "serverAuth"
    assert ssl.Purpose.CLIENT_AUTH.nid == 130


def test_authorities_are_counted_and_listed_once() -> None:
    context = client_context()
    context.load_verify_locations(AUTHORITY)
    context.load_verify_locations(cadata=Path(LOCALHOST).read_text())

    assert context.cert_store_stats() == {"x509": 2, "x509_ca": 1, "crl": 0}
    (authority,) = context.get_ca_certs()
    assert authority["subject"] == ((("commonName", "cloaca test authority"),),)
    assert context.get_ca_certs(binary_form=True) == [ssl.PEM_cert_to_DER_cert(Path(AUTHORITY).read_text())]


@pytest.mark.parametrize("text", ["", "nothing here", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"])
def test_a_file_without_a_readable_certificate_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.pem"
    path.write_text(text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    with pytest.raises(ssl.SSLError):
        context.load_verify_locations(path)
    with pytest.raises(ssl.SSLError, match="PEM lib"):
        context.load_cert_chain(path)


@pytest.mark.parametrize("password", ["secret", b"secret", bytearray(b"secret"), lambda: "secret", lambda: b"secret"])
def test_an_encrypted_key_is_opened_with_its_password(password: Any) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(CERTIFICATES / "encrypted.pem", password=password)


@pytest.mark.parametrize(
    ("password", "error"),
    [("wrong", ssl.SSLError), (lambda: "wrong", ssl.SSLError), (True, TypeError), (lambda: 1, TypeError)]
    + [("x" * 2000, ValueError)],
)
def test_a_password_that_does_not_fit_is_refused(password: Any, error: Any) -> None:
    with pytest.raises(error):
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(CERTIFICATES / "encrypted.pem", password=password)


def test_a_password_is_asked_only_for_an_encrypted_key() -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(LOCALHOST, password=lambda: 1 / 0)  # type: ignore[arg-type]


def test_ciphers_are_described_and_refused_by_name() -> None:
    context = ssl.create_default_context()
    described = {cipher["name"]: cipher for cipher in context.get_ciphers()}

    cipher: Any = described["ECDHE-RSA-AES128-GCM-SHA256"]
    assert (cipher["protocol"], cipher["strength_bits"], cipher["kea"]) == ("TLSv1.2", 128, "kx-ecdhe")
    assert not any("PSK" in name or "RC4" in name for name in described)
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    assert "ECDHE-RSA-AES256-GCM-SHA384" not in [cipher["name"] for cipher in context.get_ciphers()]
    with pytest.raises(ssl.SSLError, match="No cipher can be selected"):
        context.set_ciphers("no such cipher")


@pytest.mark.parametrize(("name", "error"), [("", ValueError), (".example.org", ValueError), ("a\0b", TypeError)])
def test_a_name_that_no_server_has_is_refused(name: str, error: Any) -> None:
    with pytest.raises(error):
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=name)


def test_a_context_makes_sockets_and_objects_of_its_own_classes() -> None:
    class Socket(ssl.SSLSocket):
        pass

    context = client_context()
    context.sslsocket_class = Socket

    with context.wrap_socket(socket.socket(), server_hostname="localhost") as secured:
        assert isinstance(secured, Socket)


# --- connections ----------------------------------------------------------------------------------------------------


def test_a_socket_that_is_not_connected_says_so() -> None:
    with client_context().wrap_socket(socket.socket(), server_hostname="localhost") as secured:
        for call in (lambda: secured.recv(1), lambda: secured.send(b"x"), secured.getpeercert, secured.do_handshake):
            with pytest.raises(OSError):
                call()


def test_nothing_is_read_or_written_at_once() -> None:
    with serving(server_context()) as address, connected(client_context(), address) as secured:
        assert (secured.recv(0), secured.recv_into(bytearray()), secured.send(b"")) == (b"", 0, 0)
        secured.sendall(b"hello")
        buffer = bytearray(5)
        assert secured.read(-1, buffer) == 5
        assert buffer == b"hello"


def test_a_closed_socket_is_no_longer_secured() -> None:
    with serving(server_context()) as address:
        with connected(client_context(), address) as secured:
            assert secured.version() in ("TLSv1.2", "TLSv1.3")
        assert secured.version() is None
        with pytest.raises(ValueError):
            secured.read(1)


def test_a_connection_without_waiting_is_selected_until_it_is_secured() -> None:
    with serving(server_context()) as address:
        with socket.socket() as plain:
            plain.setblocking(False)
            plain.connect_ex(address)
            select.select([], [plain], [], 5)
            secured = client_context().wrap_socket(
                plain, server_hostname="localhost", do_handshake_on_connect=False, suppress_ragged_eofs=True
            )
        with secured:
            for _ in range(20):
                try:
                    secured.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    assert select.select([secured], [], [], 5)[0] == [secured]
            assert secured.getpeercert()["subject"] == ((("commonName", "localhost"),),)


def test_a_revocation_list_that_is_asked_for_and_missing_ends_the_handshake() -> None:
    context = client_context()
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF

    with serving(server_context()) as address:
        with pytest.raises(ssl.SSLCertVerificationError) as caught, connected(context, address):
            pass

    assert caught.value.verify_code == 3


def test_a_client_takes_its_session_up_again() -> None:
    context, server = client_context(), server_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    with serving(server) as address:
        with connected(context, address) as first:
            session = first.session
            assert (first.session_reused, session.has_ticket) == (False, True)
            assert session.id and session.time > 0 and session.timeout > 0
        with connected(context, address, session=session) as second:
            assert second.session_reused and second.session == session
            with pytest.raises(ValueError, match="Cannot set session after handshake"):
                second.session = session
        with (
            pytest.raises(ValueError, match="different SSLContext"),
            connected(client_context(), address, session=session),
        ):
            pass

    assert server.session_stats()["hits"] == 1


def test_a_server_chooses_its_certificate_by_the_name_that_the_client_gives() -> None:
    asked: List[Any] = []
    other = server_context(OTHER)

    def choose(connection: Any, name: Any, context: Any) -> None:
        asked.append((name, context))
        if name == "other.example":
            connection.context = other

    server = server_context()
    server.sni_callback = choose
    subjects = []
    with serving(server) as address:
        for name in ("other.example", "localhost"):
            plain = socket.create_connection(address, 5)
            with client_context().wrap_socket(plain, server_hostname=name) as secured:
                subjects.append(secured.getpeercert()["subject"])  # type: ignore[index]

    assert subjects == [((("commonName", name),),) for name in ("other.example", "localhost")]
    assert asked == [("other.example", server), ("localhost", server)]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ssl.ALERT_DESCRIPTION_ACCESS_DENIED, "TLSV1_ALERT_ACCESS_DENIED"),
        (ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME, "TLSV1_UNRECOGNIZED_NAME"),
    ],
)
def test_a_server_refuses_a_name_with_an_alert(answer: Any, reason: str) -> None:
    server = server_context()
    server.sni_callback = lambda *_: answer

    with serving(server) as address:
        with pytest.raises(ssl.SSLError) as caught, connected(client_context(), address):
            pass

    assert caught.value.reason == reason


def test_secrets_are_logged_where_the_context_says(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    context = client_context()
    with pytest.raises(IsADirectoryError):
        context.keylog_filename = str(tmp_path)
    context.keylog_filename = str(path)

    with serving(server_context()) as address, connected(context, address):
        pass

    head, *lines = path.read_text().splitlines()
    assert head.startswith("# TLS secrets log file")
    assert any(line.startswith("CLIENT_") for line in lines)


def test_both_ends_bind_the_same_channel() -> None:
    context = client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    def tell(connection: Any) -> None:
        connection.sendall(connection.get_channel_binding("tls-unique"))

    with serving(server_context(), tell) as address, connected(context, address) as secured:
        assert secured.recv(1024) == secured.get_channel_binding("tls-unique")


def test_an_object_that_was_unwrapped_takes_no_more() -> None:
    def run(call: Any) -> Any:
        while True:
            try:
                return call()
            except ssl.SSLWantReadError:
                plain.sendall(outgoing.read())
                incoming.write(plain.recv(65536))
            finally:
                plain.sendall(outgoing.read())

    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with serving(server_context(), lambda connection: connection.unwrap()) as address:
        with socket.create_connection(address, 5) as plain:
            secured = client_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
            run(secured.do_handshake)
            run(secured.unwrap)

    with pytest.raises(ssl.SSLError):
        secured.write(b"more")


def test_an_object_tells_a_connection_that_was_cut() -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secured = client_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        secured.do_handshake()

    incoming.write_eof()

    with pytest.raises(ssl.SSLEOFError):
        secured.do_handshake()


@pytest.mark.skipif(not hasattr(ssl.SSLSocket, "get_verified_chain"), reason="new in Python 3.13")
def test_the_chain_that_was_sent_is_told_from_the_one_that_was_checked() -> None:
    with serving(server_context()) as address, connected(client_context(), address) as secured:
        sent, verified = secured.get_unverified_chain(), secured.get_verified_chain()

    authority = ssl.PEM_cert_to_DER_cert(Path(AUTHORITY).read_text())
    assert len(sent) == 1
    assert verified == [*sent, authority]


def test_a_client_cannot_ask_for_a_certificate() -> None:
    with serving(server_context()) as address, connected(client_context(), address) as secured:
        with pytest.raises(ssl.SSLError) as caught:
            secured.verify_client_post_handshake()

    assert caught.value.reason == "NOT_SERVER"
