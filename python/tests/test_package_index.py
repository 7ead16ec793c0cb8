"""List of the files of a package on a package index: from JSON, or from HTML if the index has no JSON."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Dict, Iterator, List, Tuple

import pytest

from cloaca._packages import package_index

JSON = "application/vnd.pypi.simple.v1+json"
DIGEST = {"hashes": {"sha256": "0" * 64}}


class Index:
    """Package index on loopback: its pages by path, and the `Accept` headers of the requests."""

    def __init__(self) -> None:
        self.pages: Dict[str, Tuple[str, str]] = {}
        self.accepts: List[str] = []
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.accepts.append(self.headers.get("Accept", ""))
                kind, page = index.pages.get(self.path, ("text/plain", ""))
                self.send_response(200 if self.path in index.pages else 404)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_: object) -> None:
                """Suppresses the log of requests."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    made = Index()
    monkeypatch.setenv("PIP_INDEX_URL", f"{made.address}/simple/")
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def document(version: str = "1.4", **rest: object) -> str:
    return json.dumps({"meta": {"api-version": version}, "name": "parcel", **rest})


def test_files_of_returns_the_names_and_addresses_in_the_json(index: Index) -> None:
    files = [
        {"filename": "parcel-1.0-py3-none-any.whl", "url": "../../blobs/4f2a?name=other", **DIGEST},
        {"filename": "parcel-1.0.tar.gz", "url": "https://files.example/parcel-1.0.tar.gz", **DIGEST},
    ]
    index.pages["/simple/my-parcel/"] = (JSON, document(files=files))

    found = package_index.files_of("My_.Parcel")

    assert found == [
        ("parcel-1.0-py3-none-any.whl", f"{index.address}/blobs/4f2a?name=other"),
        ("parcel-1.0.tar.gz", "https://files.example/parcel-1.0.tar.gz"),
    ]


def test_the_accept_header_prefers_json(index: Index) -> None:
    index.pages["/simple/parcel/"] = (JSON, document(files=[]))

    assert package_index.files_of("parcel") == []
    wanted = [each.strip() for each in index.accepts[0].split(",")]
    assert wanted[0] == JSON
    assert all(";q=0." in each for each in wanted[1:])


def test_files_are_read_from_links_when_the_index_has_only_html(index: Index) -> None:
    page = """<!-- <a href="no.whl"> --><A class='x'
      HREF='../files/parcel-1.0%2Blocal-py3-none-any.whl?a=1&amp;b=2#sha256=00'>parcel</A><a>nothing</a>"""
    index.pages["/simple/parcel/"] = ("text/html; charset=utf-8", page)

    assert package_index.files_of("parcel") == [
        (
            "parcel-1.0+local-py3-none-any.whl",
            f"{index.address}/simple/files/parcel-1.0%2Blocal-py3-none-any.whl?a=1&b=2#sha256=00",
        )
    ]


@pytest.mark.parametrize(
    ("kind", "page", "reason"),
    [
        (JSON, document("2.0", files=[]), "has version 2.0 of the index API"),
        (JSON, document(), "does not follow PEP 691: KeyError('files')"),
        (JSON, "<a href='parcel.whl'>", "does not follow PEP 691: JSONDecodeError"),
        ("text/plain", "parcel.whl", "is not a package index: its content type is text/plain"),
    ],
)
def test_an_invalid_answer_of_a_package_index_is_refused_with_the_reason(
    index: Index, kind: str, page: str, reason: str
) -> None:
    index.pages["/simple/parcel/"] = (kind, page)

    with pytest.raises(package_index.Unavailable) as raised:
        package_index.files_of("parcel")

    assert f"{index.address}/simple/parcel/ " in str(raised.value)
    assert reason in str(raised.value)


def test_a_package_that_is_not_on_the_index_raises_unavailable(index: Index) -> None:
    with pytest.raises(package_index.Unavailable, match=r"/simple does not have it\.$"):
        package_index.files_of("parcel")


def test_fetch_requests_an_address_without_its_fragment(index: Index) -> None:
    index.pages["/files/parcel.whl"] = ("application/zip", "contents")

    assert package_index.fetch(f"{index.address}/files/parcel.whl#sha256=00") == b"contents"
