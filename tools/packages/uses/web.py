"""Packages for HTTP, WebSockets and web APIs."""

import asyncio
import json
import threading

from support import http_server, main

PAGE = {"/": '{"a": [1, 2]}', "/api/chat.postMessage": '{"ok": true, "ts": "1"}', "*": "{}"}


def use_requests():
    import requests

    with http_server(PAGE) as server, requests.Session() as session:
        assert session.get(f"{server.url}/", timeout=5).json() == {"a": [1, 2]}
        assert session.post(f"{server.url}/", json={"b": 1}, timeout=5).ok
        assert server.requests[1][2] == b'{"b": 1}'
    return "sends GET and POST requests in a session"


def use_httpx():
    import httpx

    async def ask(url):
        async with httpx.AsyncClient() as client:
            return await asyncio.gather(*(client.get(url) for _ in range(3)))

    with http_server(PAGE) as server:
        assert httpx.get(server.url).json() == {"a": [1, 2]}
        assert [each.status_code for each in asyncio.run(ask(server.url))] == [200, 200, 200]
    return "sends GET requests, three of them in parallel with an `AsyncClient`"


def use_aiohttp():
    import aiohttp
    from aiohttp import web

    async def go():
        async def hello(request):
            return web.json_response({"hello": request.query["name"]})

        app = web.Application()
        app.router.add_get("/", hello)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/?name=Ada") as response:
                assert await response.json() == {"hello": "Ada"}
        await runner.cleanup()

    asyncio.run(go())
    return "runs a server and a client session"


def use_urllib3():
    import urllib3

    with http_server(PAGE) as server, urllib3.PoolManager(retries=urllib3.Retry(2)) as pool:
        assert pool.request("GET", server.url).json() == {"a": [1, 2]}
    return "sends GET requests through a pool"


def use_websockets():
    import websockets

    async def go():
        async def echo(socket):
            async for message in socket:
                await socket.send(message.upper())

        async with websockets.serve(echo, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with websockets.connect(f"ws://127.0.0.1:{port}") as client:
                await client.send("hello")
                assert await client.recv() == "HELLO"

    asyncio.run(go())
    return "runs a server and a client that exchange messages"


def use_websocket_client():
    import base64
    import hashlib
    import socketserver

    import websocket

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            key = b""
            while (line := self.rfile.readline().strip()) != b"":
                if line.lower().startswith(b"sec-websocket-key:"):
                    key = line.partition(b":")[2].strip()
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            self.wfile.write(head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + b"\x81\x05hello")
            self.rfile.read(1)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        client = websocket.create_connection(f"ws://127.0.0.1:{server.server_address[1]}", timeout=5)
        assert client.recv() == "hello"
        client.close(timeout=1)
        server.shutdown()
    return "connects and exchanges a message"


def use_flask():
    import flask
    from werkzeug.serving import make_server

    app = flask.Flask(__name__)

    @app.get("/hello/<name>")
    def hello(name):
        return flask.jsonify(hello=name, page=flask.render_template_string("<b>{{ n }}</b>", n=name))

    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    import urllib.request

    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/hello/Ada") as response:
        assert json.load(response) == {"hello": "Ada", "page": "<b>Ada</b>"}
    assert app.test_client().get("/hello/Ada").json["hello"] == "Ada"
    server.shutdown()
    return "serves a page from a template"


def use_tornado():
    import tornado.httpclient
    import tornado.httpserver
    import tornado.testing
    import tornado.web

    class Hello(tornado.web.RequestHandler):
        def get(self):
            self.write({"hello": "Ada"})

    async def go():
        server = tornado.httpserver.HTTPServer(tornado.web.Application([("/", Hello)]))
        socket, port = tornado.testing.bind_unused_port()
        server.add_socket(socket)
        answer = await tornado.httpclient.AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/")
        assert answer.body == b'{"hello": "Ada"}'
        server.stop()

    asyncio.run(go())
    return "runs a server and a client"


def use_slack_sdk():
    from slack_sdk import WebClient

    with http_server(PAGE) as server:
        client = WebClient(token="xoxb-1", base_url=f"{server.url}/api/")
        assert client.chat_postMessage(channel="#a", text="hello")["ok"]
    return "sends `chat.postMessage` to a local test server"


def use_sentry_sdk():
    import sentry_sdk

    with http_server(PAGE) as server:
        sentry_sdk.init(dsn=server.url.replace("http://", "http://key@") + "/1", default_integrations=False)
        try:
            1 / 0
        except ZeroDivisionError as error:
            sentry_sdk.capture_exception(error)
        sentry_sdk.flush(10)
        assert any("envelope" in path for _, path, _, _ in server.requests)
        sentry_sdk.get_client().close(timeout=2)
    return "reports an exception to a local test server"


def use_prometheus_client():
    import urllib.request

    from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server

    registry = CollectorRegistry()
    Counter("polls", "polls", registry=registry).inc(3)
    Histogram("seconds", "seconds", registry=registry).observe(0.2)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics") as response:
        assert b"polls_total 3.0" in response.read()
    server.shutdown()
    thread.join()
    return "serves and fetches counters"


if __name__ == "__main__":
    main(globals())
