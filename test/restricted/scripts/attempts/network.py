"""Attempts to reach network addresses."""

import asyncio
import socket
import time
import urllib.request

from attempts import border, code


def attempts(place):
    outside, port = place.outside, place.open_port
    # With the grant "net", Unix sockets are checked like other files. Without this grant, they are refused even in
    # granted folders.
    files = outside if "net" in place.grants else place.writable

    def connect(family, kind, address):
        return socket.socket(family, kind).connect(address)

    def bind(family, kind, address):
        return socket.socket(family, kind).bind(address)

    async def by_loop():
        return await asyncio.open_connection("127.0.0.1", port)

    def lookup_in_place_of_another():
        # Uses the result of another lookup as the result for a granted name.
        event = border().waits.new_event()
        border().sockets.resolve(event, "127.0.0.2", 4, 0)
        time.sleep(0.2)
        try:
            border().sockets.resolve(event, "localhost", 4, 0)
        except Exception:
            pass  # the event is in use
        border().sockets.take_lookup(event)
        return connect(ip, tcp, ("127.0.0.2", place.granted_port))

    ip, tcp, udp, unix = socket.AF_INET, socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.AF_UNIX
    return {
        "tcp": lambda: connect(ip, tcp, ("127.0.0.1", port)),
        "tcp_ipv6": lambda: connect(socket.AF_INET6, tcp, ("::1", port)),
        "tcp_without_waiting": lambda: waitless("127.0.0.1", port),
        "by_event_loop": lambda: asyncio.run(by_loop()),
        "http": lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5),
        "udp": lambda: socket.socket(ip, udp).sendto(b"x", ("127.0.0.1", port)),
        "udp_connected": lambda: connect(ip, udp, ("127.0.0.1", port)),
        "udp_bound": lambda: bind(ip, udp, ("127.0.0.1", 0)),
        "listening": lambda: socket.create_server(("127.0.0.1", 0)),
        "listening_anywhere": lambda: socket.socket().listen(),
        "unix": lambda: connect(unix, tcp, f"{files}/engine.sock"),
        "unix_abstract": lambda: connect(unix, tcp, "\0cloaca"),
        "unix_bound": lambda: bind(unix, tcp, f"{files}/made.sock"),
        "unix_datagrams": lambda: bind(unix, udp, f"{outside}/made.sock"),
        "raw": lambda: socket.socket(ip, socket.SOCK_RAW),
        "name": lambda: socket.getaddrinfo("example.org", 80),
        "lookup_in_place_of_another": lookup_in_place_of_another,
        "address": lambda: socket.gethostbyaddr("127.0.0.1"),
    }


def waitless(host, port):
    each = socket.socket()
    each.setblocking(False)
    error = each.connect_ex((host, port))
    return code("" if error in (0, 115, 26) else str(error))
