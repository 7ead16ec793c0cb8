"""Fixtures of ``pytest-httpbin``, with their server in the CPython that ``SUITES_PYTHON`` names.

httpbin needs native code.
"""

import json
import os
import subprocess

import pytest

_SERVERS = """
import json, sys
from httpbin import app
from pytest_httpbin import certs, serve

with serve.Server(application=app) as plain, serve.SecureServer(application=app) as secure:
    print(json.dumps({"plain": plain.url, "secure": secure.url, "certificates": certs.where()}), flush=True)
    sys.stdin.read()
"""


class Server:
    def __init__(self, url):
        self.url = url

    def __add__(self, other):
        return self.url + other


@pytest.fixture(scope="session")
def _servers():
    command = [os.environ["SUITES_PYTHON"], "-c", _SERVERS]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environ, text=True, **streams) as servers:
        yield json.loads(servers.stdout.readline())
        servers.stdin.close()


@pytest.fixture(scope="session")
def httpbin(_servers):
    return Server(_servers["plain"])


@pytest.fixture(scope="session")
def httpbin_secure(_servers):
    return Server(_servers["secure"])


@pytest.fixture
def httpbin_ca_bundle(_servers, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", _servers["certificates"])
