"""Uses plain sockets and HTTP with servers that answer, stall, reset and refuse, and with servers in the script."""

import errno
import http.server
import json
import os
import select
import socket
import sys
import threading
import urllib.error
import urllib.request

ports = json.loads(sys.argv[1])
found = {}


def name_of(error):
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, Exception):
        return f"URLError {name_of(error.reason)}"
    number = errno.errorcode.get(getattr(error, "errno", None) or 0, "")
    return f"{type(error).__name__} {number}".strip()


def outcome(action):
    try:
        return action()
    except Exception as error:
        return name_of(error)


def fetch(port, **options):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/page", **options) as response:
        return response.read().decode()


def read_from(port):
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"anything")
        return sock.recv(100).decode()


def echo_over_udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"ping", server.getsockname())
            data, address = server.recvfrom(100)
            server.sendto(data.upper(), address)
            return client.recv(100).decode()


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"own page {self.path}".encode())

    def log_message(self, *args):
        pass


def own_server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            return fetch(server.server_port)
        finally:
            server.shutdown()
            thread.join()


def large_transfer():
    left, right = socket.socketpair()
    data = os.urandom(1_000_000)
    sender = threading.Thread(target=lambda: (left.sendall(data), left.close()))
    sender.start()
    received = bytearray()
    while part := right.recv(65536):
        received += part
    sender.join()
    right.close()
    return bytes(received) == data


def selected():
    left, right = socket.socketpair()
    before = select.select([right], [left], [], 0)
    left.sendall(b"x")
    after = select.select([right], [], [], 5)
    result = [before == ([], [left], []), after == ([right], [], [])]
    left.close()
    right.close()
    return result


def without_blocking():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        server.accept()


def by_proxy():
    os.environ["http_proxy"] = f"http://127.0.0.1:{ports['proxy']}"
    try:
        opener = urllib.request.build_opener()
        proxied = opener.open("http://nowhere.invalid/x").read().decode()
        os.environ["no_proxy"] = "127.0.0.1"
        direct = opener.open(f"http://127.0.0.1:{ports['page']}/page").read().decode()
        return [proxied, direct]
    finally:
        del os.environ["http_proxy"], os.environ["no_proxy"]


found["page"] = outcome(lambda: fetch(ports["page"]))
found["stalling"] = outcome(lambda: fetch(ports["stalling"], timeout=0.2))
found["resetting"] = outcome(lambda: read_from(ports["resetting"]))
found["refusing"] = outcome(lambda: fetch(ports["refusing"]))
found["unknown host"] = outcome(lambda: socket.create_connection(("nowhere.invalid", 80)))
found["udp"] = outcome(echo_over_udp)
found["own server"] = outcome(own_server)
found["large"] = outcome(large_transfer)
found["select"] = outcome(selected)
found["non-blocking"] = outcome(without_blocking)
found["proxy"] = outcome(by_proxy)
print(json.dumps(found))
