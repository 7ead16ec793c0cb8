"""``urllib.request`` and ``http.client`` with servers that are slow, disconnect or redirect, and with proxies."""

import contextlib
import gzip
import http.client
import ssl
import threading
import urllib.error
import urllib.request
from typing import Any, List

import pytest
from limits import LIMIT
from servers import AUTHORITY, answer, ok, read_request, reset, server_context, serving, stall

SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])
#: Timeout in seconds for answers that never come.
SOON = 0.05


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def context_of(scheme: str) -> Any:
    return server_context() if scheme == "https" else None


def fetch(scheme: str, port: int, path: str = "/", **options: Any) -> Any:
    context = ssl.create_default_context(cafile=AUTHORITY) if scheme == "https" else None
    return urllib.request.urlopen(f"{scheme}://localhost:{port}{path}", context=context, **options)


@SCHEMES
def test_a_server_that_never_answers_causes_a_timeout_error(scheme: str) -> None:
    trusted = ssl.create_default_context(cafile=AUTHORITY)
    with serving(stall, context_of(scheme)) as port:
        connection = (
            http.client.HTTPConnection("localhost", port, timeout=LIMIT)
            if scheme == "http"
            else http.client.HTTPSConnection("localhost", port, timeout=LIMIT, context=trusted)
        )
        connection.connect()
        connection.sock.settimeout(SOON)
        connection.request("GET", "/")
        with pytest.raises(TimeoutError):
            connection.getresponse()
        connection.close()


def test_a_server_that_never_ends_its_tls_handshake_causes_a_timeout_error() -> None:
    with serving(stall) as port, pytest.raises(urllib.error.URLError) as caught:
        fetch("https", port, timeout=SOON)

    assert isinstance(caught.value.reason, TimeoutError)


@SCHEMES
def test_a_connection_closed_without_an_answer_raises_remote_disconnected(scheme: str) -> None:
    with serving(answer(), context_of(scheme)) as port, pytest.raises(http.client.RemoteDisconnected):
        fetch(scheme, port)


def test_a_connection_reset_by_the_server_raises_connection_reset_error() -> None:
    with serving(reset) as port, pytest.raises(ConnectionResetError):
        fetch("http", port)


@SCHEMES
def test_a_body_shorter_than_its_content_length_raises_incomplete_read(scheme: str) -> None:
    short = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")

    with serving(short, context_of(scheme)) as port, fetch(scheme, port) as response:
        with pytest.raises(http.client.IncompleteRead) as caught:
            response.read()

    assert (caught.value.partial, caught.value.expected) == (b"abc", 7)


def test_an_incomplete_chunk_raises_incomplete_read() -> None:
    broken = answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n8\r\nwor")

    with serving(broken) as port, fetch("http", port) as response:
        with pytest.raises(http.client.IncompleteRead) as caught:
            response.read()

    assert caught.value.partial == b"hello"


@SCHEMES
def test_chunks_are_read_as_one_body(scheme: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    body = gzip.compress(b"hello world" * 100)
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:])]

    with serving(answer(head, *chunks, b"0\r\n\r\n"), context_of(scheme)) as port, fetch(scheme, port) as response:
        first = response.read(3)
        assert gzip.decompress(first + response.read()) == b"hello world" * 100


@SCHEMES
def test_redirects_are_followed_and_redirect_loops_are_refused(scheme: str) -> None:
    def serve(connection: Any) -> None:
        path = read_request(connection).split()[1]
        target = {b"/": b"/there", b"/loop": b"/loop"}.get(path)
        moved = b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(ok(b"found " + path) if target is None else moved % target)

    with serving(serve, context_of(scheme)) as port:
        with fetch(scheme, port) as response:
            assert (response.read(), response.url) == (b"found /there", f"{scheme}://localhost:{port}/there")
        with pytest.raises(urllib.error.HTTPError, match="infinite loop"):
            fetch(scheme, port, "/loop")


@SCHEMES
def test_one_connection_is_reused_for_several_requests(scheme: str) -> None:
    opened: List[Any] = []

    def serve(connection: Any) -> None:
        opened.append(connection)
        while True:
            connection.sendall(ok(read_request(connection).split()[1]))

    with serving(serve, context_of(scheme)) as port:
        if scheme == "https":
            context = ssl.create_default_context(cafile=AUTHORITY)
            client: Any = http.client.HTTPSConnection("localhost", port, context=context)
        else:
            client = http.client.HTTPConnection("localhost", port)
        bodies = []
        for path in ("/a", "/b", "/c"):
            client.request("GET", path)
            bodies.append(client.getresponse().read())
        client.close()

    assert (bodies, len(opened)) == ([b"/a", b"/b", b"/c"], 1)


def test_an_answer_after_100_continue_is_read() -> None:
    def serve(connection: Any) -> None:
        body = read_request(connection).partition(b"\r\n\r\n")[2]
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(ok(body or connection.recv(100)))

    with serving(serve) as port:
        client = http.client.HTTPConnection("localhost", port)
        client.putrequest("PUT", "/")
        client.putheader("Expect", "100-continue")
        client.putheader("Content-Length", "4")
        client.endheaders()
        client.send(b"body")
        response = client.getresponse()
        assert (response.status, response.read()) == (200, b"body")
        client.close()


def test_a_body_of_one_megabyte_is_sent_and_received() -> None:
    def serve(connection: Any) -> None:
        body = read_request(connection).partition(b"\r\n\r\n")[2]
        while len(body) < 1_000_000:
            body += connection.recv(65536)
        connection.sendall(ok(body[::-1]))

    sent = bytes(range(250)) * 4000
    with serving(serve, server_context()) as port, fetch("https", port, data=sent) as response:
        assert response.read() == sent[::-1]


def test_https_uses_a_proxy_and_hosts_in_no_proxy_are_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: List[bytes] = []

    def proxy(connection: Any) -> None:
        asked.append(read_request(connection).split(b"\r\n")[0])
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with server_context().wrap_socket(connection, server_side=True) as secured:
            answer(ok(b"by proxy"))(secured)

    context = ssl.create_default_context(cafile=AUTHORITY)
    with serving(proxy) as proxy_port, serving(answer(ok(b"direct"))) as port:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy_port}")
        with urllib.request.urlopen("https://localhost:4/", context=context) as response:
            assert response.read() == b"by proxy"
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy_port}")
        monkeypatch.setenv("no_proxy", "localhost")
        with fetch("http", port) as response:
            assert response.read() == b"direct"

    assert asked == [b"CONNECT localhost:4 HTTP/1.1"] or asked == [b"CONNECT localhost:4 HTTP/1.0"]


def test_the_error_of_a_refusing_proxy_has_its_status() -> None:
    refusing = answer(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with serving(refusing) as port:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"https": f"http://127.0.0.1:{port}"}))
        with pytest.raises(urllib.error.URLError, match="407"):
            opener.open("https://localhost:4/")


@pytest.mark.parametrize(
    ("name", "trusts", "code", "words"),
    [("localhost", False, 20, "unable to get local issuer certificate"), ("other", True, 62, "Hostname mismatch")],
)
def test_an_untrusted_or_wrong_certificate_is_refused(name: str, trusts: bool, code: int, words: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trusts:
        context.load_verify_locations(AUTHORITY)

    with serving(answer(ok(b"never read")), server_context(name)) as port:
        with pytest.raises(urllib.error.URLError) as caught:
            urllib.request.urlopen(f"https://localhost:{port}/", context=context)

    reason: Any = caught.value.reason
    assert isinstance(reason, ssl.SSLCertVerificationError) and isinstance(reason, ValueError)
    assert reason.verify_code == code and words in reason.verify_message
    assert (reason.library, reason.reason) == ("SSL", "CERTIFICATE_VERIFY_FAILED")


def test_an_unencrypted_server_raises_ssl_error_for_https() -> None:
    def speak_first(connection: Any) -> None:
        connection.sendall(b"220 hello, this is no TLS at all\r\n")
        with contextlib.suppress(OSError):
            connection.recv(1024)

    with serving(speak_first) as port, pytest.raises(urllib.error.URLError) as caught:
        fetch("https", port)

    reason: Any = caught.value.reason
    assert isinstance(reason, ssl.SSLError)
    assert reason.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")


def test_requests_of_three_threads_run_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=LIMIT)

    def serve(connection: Any) -> None:
        read_request(connection)
        meeting.wait()
        connection.sendall(ok(b"together"))

    bodies: List[bytes] = []
    with serving(serve, server_context()) as port:
        threads = [threading.Thread(target=lambda: bodies.append(fetch("https", port).read())) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert bodies == [b"together"] * 3
