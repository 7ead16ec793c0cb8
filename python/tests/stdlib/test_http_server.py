"""``http.server`` and ``socketserver``: servers in threads."""

import contextlib
import functools
import http.server
import socket
import socketserver
import threading
import urllib.request
from pathlib import Path
from typing import Any, Iterator

from limits import LIMIT


@contextlib.contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    host, port = server.server_address[:2]  # type: ignore[misc]
    try:
        yield f"{host}:{port}"  # type: ignore[str-bytes-safe]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def test_a_script_can_serve_a_folder_and_fetch_it(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>hello</p>")
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)) as address:
        with urllib.request.urlopen(f"http://{address}/page.html", timeout=LIMIT) as response:
            assert response.headers["Content-Type"] == "text/html"
            assert response.read() == b"<p>hello</p>"
        target: Any = address.split(":")
        with contextlib.closing(socket.create_connection(target, timeout=LIMIT)) as other:
            other.sendall(b"GET /missing HTTP/1.0\r\n\r\n")
            assert other.recv(12) == b"HTTP/1.0 404"


def test_a_threading_server_handles_each_connection_in_its_own_thread() -> None:
    class Echo(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                self.wfile.write(threading.current_thread().name.encode() + b" " + line)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with serving(Server(("127.0.0.1", 0), Echo)) as address:
        host, port = address.split(":")
        with (
            socket.create_connection((host, int(port)), LIMIT) as one,
            socket.create_connection((host, int(port)), LIMIT) as other,
        ):
            for each in (one, other):
                each.sendall(b"hello\n")
            first, second = one.makefile("rb").readline(), other.makefile("rb").readline()
    assert first != second
    assert first.endswith(b" hello\n")
