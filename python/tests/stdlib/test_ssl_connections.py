"""``ssl.SSLSocket`` and ``ssl.SSLObject``: handshakes, sessions, and data on loopback."""

import select
import socket
import ssl
import sys
import threading
from pathlib import Path
from typing import Any, List, Optional

import pytest
from limits import LIMIT
from tls import AUTHORITY, OTHER, client_context, connected, server_context, serving


def test_using_an_unconnected_ssl_socket_raises_os_error() -> None:
    with client_context().wrap_socket(socket.socket(), server_hostname="localhost") as secured:
        for call in (lambda: secured.recv(1), lambda: secured.send(b"x"), secured.getpeercert, secured.do_handshake):
            with pytest.raises(OSError):
                call()


def test_reads_and_writes_of_zero_bytes_return_immediately() -> None:
    with serving(server_context()) as address, connected(client_context(), address) as secured:
        assert (secured.recv(0), secured.recv_into(bytearray()), secured.send(b"")) == (b"", 0, 0)
        secured.sendall(b"hello")
        buffer = bytearray(5)
        assert secured.read(-1, buffer) == 5
        assert buffer == b"hello"


def test_a_closed_ssl_socket_has_no_version_and_refuses_reads() -> None:
    with serving(server_context()) as address:
        with connected(client_context(), address) as secured:
            assert secured.version() in ("TLSv1.2", "TLSv1.3")
        assert secured.version() is None
        with pytest.raises(ValueError):
            secured.read(1)


def test_a_nonblocking_handshake_completes_with_select() -> None:
    with serving(server_context()) as address:
        with socket.socket() as plain:
            plain.setblocking(False)
            plain.connect_ex(address)
            select.select([], [plain], [], LIMIT)
            secured = client_context().wrap_socket(
                plain, server_hostname="localhost", do_handshake_on_connect=False, suppress_ragged_eofs=True
            )
        with secured:
            for _ in range(20):
                try:
                    secured.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    assert select.select([secured], [], [], LIMIT)[0] == [secured]
            assert secured.getpeercert()["subject"] == ((("commonName", "localhost"),),)


def test_a_missing_revocation_list_fails_the_handshake() -> None:
    context = client_context()
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF

    with serving(server_context()) as address:
        with pytest.raises(ssl.SSLCertVerificationError) as caught, connected(context, address):
            pass

    assert caught.value.verify_code == 3


def test_a_client_can_resume_its_session() -> None:
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


def test_a_server_selects_its_certificate_by_the_requested_name() -> None:
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
            plain = socket.create_connection(address, LIMIT)
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
def test_a_server_can_refuse_a_name_with_an_alert(answer: Any, reason: str) -> None:
    server = server_context()
    server.sni_callback = lambda *_: answer

    with serving(server) as address:
        with pytest.raises(ssl.SSLError) as caught, connected(client_context(), address):
            pass

    assert caught.value.reason == reason


def test_an_exception_in_sni_callback_is_printed_and_refuses_the_client(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise LookupError("no such name")

    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)  # pytest has replaced it
    server = server_context()
    server.sni_callback = fail

    with serving(server) as address:
        with pytest.raises(ssl.SSLError) as caught, connected(client_context(), address):
            pass

    assert caught.value.reason == "SSLV3_ALERT_HANDSHAKE_FAILURE"
    shown = capsys.readouterr().err
    assert shown.startswith("Exception ignored")
    assert shown.rstrip().endswith("LookupError: no such name")


def test_tls_secrets_are_written_to_the_key_log_file(tmp_path: Path) -> None:
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


def test_both_ends_have_the_same_tls_unique_channel_binding() -> None:
    context = client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    def tell(connection: Any) -> None:
        connection.sendall(connection.get_channel_binding("tls-unique"))

    with serving(server_context(), tell) as address, connected(context, address) as secured:
        assert secured.recv(1024) == secured.get_channel_binding("tls-unique")


class Conversation:
    """SSL object on a socket. `run` transfers the bytes of its buffers until a call completes."""

    def __init__(self, plain: socket.socket) -> None:
        self._plain = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.secured = client_context().wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        self.run(self.secured.do_handshake)

    def run(self, call: Any) -> Any:
        while True:
            try:
                return call()
            except ssl.SSLWantReadError:
                self._plain.sendall(self._outgoing.read())
                data = self._plain.recv(65536)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            finally:
                if self._outgoing.pending:
                    self._plain.sendall(self._outgoing.read())


def test_an_unwrapped_ssl_object_refuses_reads_and_writes() -> None:
    with serving(server_context(), lambda connection: connection.unwrap()) as address:
        with socket.create_connection(address, LIMIT) as plain:
            conversation = Conversation(plain)
            conversation.run(conversation.secured.unwrap)

    with pytest.raises(ssl.SSLError):
        conversation.secured.write(b"more")
    with pytest.raises(ssl.SSLZeroReturnError):
        conversation.secured.read(1)


def test_unwrap_raises_ssl_eof_error_when_the_peer_closed_without_a_tls_shutdown() -> None:
    def ends_of(serve: Any) -> Any:
        with serving(server_context(), serve) as address, socket.create_connection(address, LIMIT) as plain:
            conversation = Conversation(plain)
            secured = conversation.secured
            assert conversation.run(lambda: secured.read(5)) == b"hello"
            return conversation.run(secured.unwrap)

    def say(connection: Any) -> None:
        connection.sendall(b"hello")

    def say_and_shut_down_tls(connection: Any) -> None:
        say(connection)
        connection.unwrap()

    assert ends_of(say_and_shut_down_tls) is None
    with pytest.raises(ssl.SSLEOFError):
        ends_of(say)


def test_the_end_of_input_during_a_handshake_raises_ssl_eof_error() -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secured = client_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        secured.do_handshake()

    incoming.write_eof()

    with pytest.raises(ssl.SSLEOFError):
        secured.do_handshake()


@pytest.mark.skipif(not hasattr(ssl.SSLSocket, "get_verified_chain"), reason="get_verified_chain is new in Python 3.13")
def test_the_sent_and_the_verified_certificate_chain_are_available() -> None:
    with serving(server_context()) as address, connected(client_context(), address) as secured:
        sent, verified = secured.get_unverified_chain(), secured.get_verified_chain()

    authority = ssl.PEM_cert_to_DER_cert(Path(AUTHORITY).read_text())
    assert len(sent) == 1
    assert verified == [*sent, authority]


def test_a_client_cannot_request_post_handshake_authentication() -> None:
    with serving(server_context()) as address, connected(client_context(), address) as secured:
        with pytest.raises(ssl.SSLError) as caught:
            secured.verify_client_post_handshake()

    assert caught.value.reason == "NOT_SERVER"


def test_a_connection_can_switch_to_tls_and_back_to_plain_text() -> None:
    received: List[bytes] = []

    def converse(listener: Any) -> None:
        connection, _ = listener.accept()
        received.append(connection.recv(100))
        connection.sendall(b"go on")
        secured = server_context().wrap_socket(connection, server_side=True)
        received.append(secured.recv(100))
        secured.sendall(b"secretly")
        plain = secured.unwrap()
        received.append(plain.recv(100))
        plain.sendall(b"farewell")
        plain.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=converse, args=(listener,))
        thread.start()
        connection = socket.create_connection(listener.getsockname(), LIMIT)
        connection.sendall(b"starttls")
        answers = [connection.recv(100)]
        secured = client_context().wrap_socket(connection, server_hostname="localhost")
        secured.sendall(b"secret")
        answers.append(secured.recv(100))
        plain = secured.unwrap()
        plain.sendall(b"open")
        answers.append(plain.recv(100))
        assert plain.recv(100) == b""
        with pytest.raises(ValueError):
            secured.read(1)
        plain.close()
        thread.join()

    assert received == [b"starttls", b"secret", b"open"]
    assert answers == [b"go on", b"secretly", b"farewell"]


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [(["other", "http/1.1", "h2"], "h2"), (["other"], None), ([], None)],
    ids=["shared protocols", "other protocols", "no protocols"],
)
def test_a_server_selects_a_shared_alpn_protocol_or_continues_without_one(
    offered: List[str], agreed: Optional[str]
) -> None:
    server, client = server_context(), client_context()
    server.set_alpn_protocols(["h2", "http/1.1"])
    client.set_alpn_protocols(offered)
    chosen: List[Any] = []

    def answer(connection: Any) -> None:
        chosen.append(connection.selected_alpn_protocol())
        connection.sendall(b"hello")

    with serving(server, answer) as address, socket.create_connection(address, LIMIT) as plain:
        with client.wrap_socket(plain, server_hostname="localhost") as secured:
            assert secured.recv(5) == b"hello"
            assert [secured.selected_alpn_protocol(), *chosen] == [agreed, agreed]


def test_connect_ex_raises_gaierror_for_an_unknown_host_name() -> None:
    with client_context().wrap_socket(socket.socket(), server_hostname="localhost") as secured:
        with pytest.raises(socket.gaierror):
            secured.connect_ex(("nothere.invalid", 443))
