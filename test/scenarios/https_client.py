"""Opens HTTPS URLs with several clients, and prints the result of each as JSON."""

import asyncio
import http.client
import json
import os
import ssl
import sys
import urllib.error
import urllib.request

CA = os.environ["TEST_CA"]


def outcome(action):
    try:
        return action()
    except urllib.error.URLError as error:
        return f"URLError {described(error.reason)}"
    except OSError as error:
        return described(error)


def described(error):
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"SSLError {error.reason}"
    return f"{type(error).__name__}"


def fetch(url, context=None):
    with urllib.request.urlopen(url, context=context) as response:
        return response.read().decode()


def trusting():
    return ssl.create_default_context(cafile=CA)


def with_certificate():
    context = trusting()
    context.load_cert_chain(os.environ["TEST_CERT"], os.environ["TEST_KEY"])
    return context


def unchecked():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def peer(host, port):
    connection = http.client.HTTPSConnection(host, port, context=trusting())
    connection.connect()
    sock = connection.sock
    certificate = sock.getpeercert()
    facts = {
        "version": sock.version(),
        "cipher": sock.cipher()[0],
        "subject": dict(pair for group in certificate["subject"] for pair in group),
        "names": [list(pair) for pair in certificate["subjectAltName"]],
        "is_der": sock.getpeercert(True)[:1] == b"0",
    }
    connection.close()
    return facts


async def streams(host, port):
    reader, writer = await asyncio.open_connection(host, port, ssl=trusting())
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.decode().rpartition("\r\n")[2]


ports = json.loads(sys.argv[1])
found = {
    name: {
        "trusting": outcome(lambda: fetch(f"https://localhost:{port}/", trusting())),
        "default": outcome(lambda: fetch(f"https://localhost:{port}/")),
        "unchecked": outcome(lambda: fetch(f"https://localhost:{port}/", unchecked())),
    }
    for name, port in ports.items()
}
found["by address"] = outcome(lambda: fetch(f"https://127.0.0.1:{ports['good']}/", trusting()))
found["with certificate"] = outcome(lambda: fetch(f"https://localhost:{ports['clients']}/", with_certificate()))
found["peer"] = peer("localhost", ports["good"])
found["asyncio"] = asyncio.run(streams("localhost", ports["good"]))
os.environ["SSL_CERT_FILE"] = CA
found["SSL_CERT_FILE"] = outcome(lambda: fetch(f"https://localhost:{ports['good']}/", ssl.create_default_context()))
print(json.dumps(found))
