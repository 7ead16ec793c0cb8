"""Downloads files of a mirror with pip's settings (certificates, proxies, credentials) and few retries.

A mirror that is down should cost seconds, not minutes. ``sources`` and ``shared_libraries`` use this module.
"""

from __future__ import annotations

import contextlib
from typing import Any, Dict, Iterator, Tuple

from .distribution.lock import Lock
from .distribution.mirror import Interrupted, Mirror, Refused, in_one_line
from .pip_modules import pip_module

_CHUNK_BYTES = 1 << 16
_DEFAULT_TIMEOUT_S = 15
_MAX_TRIES = 3


class Connection:
    """Requests to a mirror, with the settings of one of pip's sessions."""

    def __init__(self, session: Any) -> None:
        self._settings = session
        network = pip_module("_internal.network.session")
        retries = getattr(session.get_adapter("https://"), "max_retries", None)
        self.tries = min(_MAX_TRIES, 1 + int(getattr(retries, "total", 0) or 0))
        self._requests = pip_module("_vendor.requests")
        self._session = self._requests.Session()
        self._session.headers["User-Agent"] = session.headers["User-Agent"]
        self._session.headers["Accept-Encoding"] = "identity"
        for name in ("verify", "cert", "proxies", "auth", "trust_env"):
            setattr(self._session, name, getattr(session, name))
        context = getattr(session.get_adapter("https://"), "_ssl_context", None)
        self._session.mount("https://", network.HTTPAdapter(max_retries=0, ssl_context=context))
        self._session.mount("http://", network.HTTPAdapter(max_retries=0))

    def ask(self, url: str) -> int:
        """Returns the status of an address."""
        try:
            with self._session.head(url, allow_redirects=True, timeout=self._timeout) as response:
                return int(response.status_code)
        except self._requests.RequestException as error:
            raise Interrupted(_cause(error)) from None

    @contextlib.contextmanager
    def open(self, url: str, start: int) -> Iterator[Tuple[int, Iterator[bytes]]]:
        """Returns the status of an address, and its bytes from an offset on."""
        headers: Dict[str, str] = {"Range": f"bytes={start}-"} if start else {}
        try:
            with self._session.get(url, stream=True, headers=headers, timeout=self._timeout) as response:
                yield int(response.status_code), response.iter_content(_CHUNK_BYTES)
        except (self._requests.RequestException, pip_module("_vendor.urllib3.exceptions").HTTPError) as error:
            raise Interrupted(_cause(error)) from None

    @property
    def _timeout(self) -> float:
        return float(self._settings.timeout or _DEFAULT_TIMEOUT_S)


def _cause(error: Any) -> str:
    """Returns the cause of an error, without the address and the names of wrapping classes."""
    inner = error.args[0] if error.args else error
    return in_one_line(getattr(inner, "reason", None) or inner).rpartition(": ")[2]


def mount(session: Any, mirror: Mirror, lock: Lock) -> None:
    """Makes one of pip's sessions use a mirror: stored files first, with checked digests."""
    requests = pip_module("_vendor.requests")
    prefix = f"{mirror.address}/"
    if getattr(session, "_cloaca_prefix", None) == prefix:
        return
    session._cloaca_prefix = prefix
    others = session.get_adapter(prefix)
    connection = Connection(session)

    class Adapter(requests.adapters.BaseAdapter):  # type: ignore[misc, name-defined]
        """Answers requests with files of the mirror."""

        def send(self, request: Any, **rest: Any) -> Any:
            build = lock.of_file(str(request.url).rpartition("/")[2])
            if build is None or request.url != mirror.url(build):
                return others.send(request, **rest)
            try:
                path = mirror.file(build, connection.open, connection.tries)
            except Refused as error:
                raise pip_module("_internal.exceptions").InstallationError(str(error)) from None
            response = requests.Response()
            response.status_code, response.url, response.request = 200, request.url, request
            response.raw = open(path, "rb")  # noqa: SIM115 - closed with the response
            response.headers["Content-Type"] = "application/octet-stream"
            response.close = response.raw.close
            response.from_cache = True
            return response

        def close(self) -> None:
            """Does nothing, because nothing is open."""

    session.mount(prefix, Adapter())
