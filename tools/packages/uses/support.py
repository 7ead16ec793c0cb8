"""Shared parts of the uses of packages: servers on this machine, and the entry point that runs one use."""

import contextlib
import http.server
import os
import socketserver
import re
import sys
import threading


class NotAtHand(Exception):
    """Raised if no server of a kind runs on this machine."""


def port_of(server):
    """Returns the port of a server of this run: ``redis``, ``postgres``, ``mqtt``, ``nats`` or ``mysql``."""
    port = os.environ.get(f"{server.upper()}_PORT")
    if port is None:
        raise NotAtHand(server)
    return int(port)


@contextlib.contextmanager
def http_server(answers, headers=None):
    """Serves a text or bytes for each path, as JSON unless the content begins with ``<``.

    The requests are in ``server.requests``.
    """
    requests = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            requests.append((self.command, self.path, body, dict(self.headers)))
            path = self.path.partition("?")[0]
            found = answers.get(path, answers.get("*"))
            data = found.encode() if isinstance(found, str) else found or b""
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/xml" if data.startswith(b"<") else "application/json")
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    server.requests = requests
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def line_server(greeting, answer):
    """Serves a line protocol. ``answer(line, state)`` returns the bytes to send, or None to end the connection."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            state = {}
            self.wfile.write(greeting)
            for line in self.rfile:
                reply = answer(line.decode().rstrip("\r\n"), state)
                if reply is None:
                    return
                self.wfile.write(reply)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def main(uses):
    """Runs the use that the command line names, and prints its description."""
    name = re.split("[[<]", sys.argv[1])[0].lower().replace("-", "_").replace(".", "_")
    try:
        print("did:", uses[f"use_{name}"]())
    except NotAtHand as missing:
        print("no server:", missing)
