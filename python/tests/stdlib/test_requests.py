"""``requests`` and ``httpx``, if installed: exceptions for slow servers, lost connections and wrong certificates."""

import gzip
import ssl
from typing import Any, Iterator

import pytest
from limits import LIMIT
from servers import AUTHORITY, answer, ok, reset, server_context, serving, stall

#: Timeout in seconds for answers that never come.
SOON = 0.05


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Client:
    """Common interface of the two packages: requests and exceptions."""

    def __init__(self, package: Any, name: str) -> None:
        self.package, self.name = package, name

    def get(self, url: str, authority: Any = AUTHORITY, patience: float = LIMIT) -> Any:
        """Sends a request. Waits `LIMIT` for the connection, and `patience` seconds for each part of the answer."""
        if self.name == "requests":
            return self.package.get(url, timeout=(LIMIT, patience), verify=True if authority is None else authority)
        trusted: Any = ssl.create_default_context(cafile=authority) if isinstance(authority, str) else authority
        timeout = self.package.Timeout(LIMIT, read=patience)
        return self.package.get(url, timeout=timeout, verify=True if authority is None else trusted)

    def error(self, requests_name: str, httpx_name: str) -> Any:
        name = requests_name if self.name == "requests" else httpx_name
        return getattr(self.package.exceptions if self.name == "requests" else self.package, name)


@pytest.fixture(params=["requests", "httpx"])
def client(request: Any) -> Iterator[Client]:
    yield Client(pytest.importorskip(request.param), request.param)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_gzip_encoded_page_is_decompressed(client: Client, scheme: str) -> None:
    page = ok(gzip.compress(b"hello"), b"Content-Encoding: gzip")

    with serving(answer(page), server_context() if scheme == "https" else None) as port:
        response = client.get(f"{scheme}://localhost:{port}/")

    assert (response.status_code, response.text) == (200, "hello")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_never_answers_causes_a_read_timeout(client: Client, scheme: str) -> None:
    with serving(stall, server_context() if scheme == "https" else None) as port:
        with pytest.raises(client.error("ReadTimeout", "ReadTimeout")):
            client.get(f"{scheme}://localhost:{port}/", patience=SOON)


def test_a_connection_closed_or_reset_by_the_server_raises_a_connection_error(client: Client) -> None:
    with serving(answer()) as port, pytest.raises(client.error("ConnectionError", "RemoteProtocolError")):
        client.get(f"http://localhost:{port}/")
    with serving(reset) as port, pytest.raises(client.error("ConnectionError", "ReadError")):
        client.get(f"http://localhost:{port}/")


def test_an_incomplete_body_raises_an_error(client: Client) -> None:
    broken = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"

    with serving(answer(broken)) as port:
        with pytest.raises(client.error("ChunkedEncodingError", "RemoteProtocolError")):
            client.get(f"http://localhost:{port}/")


@pytest.mark.parametrize(("name", "authority"), [("other", AUTHORITY), ("localhost", None)])
def test_an_untrusted_or_wrong_certificate_is_refused(client: Client, name: str, authority: Any) -> None:
    with serving(answer(ok(b"never read")), server_context(name)) as port:
        with pytest.raises(client.error("SSLError", "ConnectError"), match="CERTIFICATE_VERIFY_FAILED"):
            client.get(f"https://localhost:{port}/", authority)


def test_any_certificate_is_accepted_without_verification(client: Client) -> None:
    with serving(answer(ok(b"unchecked")), server_context("other")) as port:
        assert client.get(f"https://localhost:{port}/", False).text == "unchecked"
