"""Package index that pip is configured for: its files of a package, and their contents.

It requests JSON (PEP 691), which pypi.org and current mirrors support. Folders of links on a plain web server have only
HTML, which pip also accepts, so HTML is supported too. ``pip`` uses this module.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from typing import Any, Dict, List, Optional, Tuple

DEFAULT_ADDRESS = "https://pypi.org/simple"

_JSON = "application/vnd.pypi.simple.v1+json"
_HTML = ("application/vnd.pypi.simple.v1+html", "text/html")
_ACCEPT = {"Accept": f"{_JSON}, {_HTML[0]};q=0.2, {_HTML[1]};q=0.1"}


class Unavailable(Exception):
    """Raised if something is not available from the index, with the reason."""


def address() -> str:
    """Returns the address of the index, without a slash at the end."""
    return (_setting("index-url") or DEFAULT_ADDRESS).rstrip("/")


def files_of(name: str) -> List[Tuple[str, str]]:
    """Returns the names and addresses of the index's files of a package."""
    base = f"{address()}/{re.sub(r'[-_.]+', '-', name).lower()}/"
    try:
        with _open(base, _ACCEPT) as response:
            kind, place, page = response.headers.get_content_type(), response.geturl(), response.read()
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise Unavailable(f"{address()} does not have it.") from None
        raise Unavailable(f"{base} returned {error.code} {error.reason}.") from None
    except urllib.error.URLError as error:
        raise Unavailable(f"{base} cannot be reached: {error.reason}.") from None
    if kind == _JSON:
        files = _files_in_json(base, page)
    elif kind in _HTML:
        files = _links_in_html(page)
    else:
        raise Unavailable(f"{base} is not a package index: its content type is {kind}.")
    return [(file, urllib.parse.urljoin(place, link)) for file, link in files]


def fetch(url: str) -> bytes:
    """Returns the contents of a file of the index."""
    with _open(url.partition("#")[0], {}) as response:
        return response.read()  # type: ignore[no-any-return]


def _open(url: str, headers: Dict[str, str]) -> Any:
    authorities = _setting("cert")
    context = ssl.create_default_context(cafile=authorities) if authorities else ssl.create_default_context()
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), context=context, timeout=60)


def _files_in_json(base: str, page: bytes) -> List[Tuple[str, str]]:
    try:
        document = json.loads(page)
        version = document["meta"]["api-version"]
        files = [(str(file["filename"]), str(file["url"])) for file in document["files"]]
    except (ValueError, TypeError, LookupError) as error:
        raise Unavailable(f"{base} does not follow PEP 691: {error!r}.") from None
    if str(version).partition(".")[0] != "1":
        raise Unavailable(f"{base} has version {version} of the index API, but only version 1 is supported.")
    return files


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: List[str] = []

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.found += [link for key, link in attrs if tag == "a" and key == "href" and link]


def _links_in_html(page: bytes) -> List[Tuple[str, str]]:
    links = _Links()
    links.feed(page.decode("utf-8", "replace"))
    return [(urllib.parse.unquote(urllib.parse.urlsplit(link).path.rpartition("/")[2]), link) for link in links.found]


def _setting(name: str) -> Optional[str]:
    """Returns a setting of pip from its environment variable or configuration files, as pip itself finds it."""
    given = os.environ.get(f"PIP_{name.upper().replace('-', '_')}")
    if given:
        return given
    home = os.path.expanduser("~")
    places = ["/etc/pip.conf", f"{home}/.pip/pip.conf"]
    places.append(os.path.join(os.environ.get("XDG_CONFIG_HOME") or f"{home}/.config", "pip", "pip.conf"))
    if os.environ.get("PIP_CONFIG_FILE"):
        places.append(os.environ["PIP_CONFIG_FILE"])
    parser = configparser.RawConfigParser()
    parser.read(places, encoding="utf-8")
    found = parser.get("install", name, fallback=None) or parser.get("global", name, fallback=None)
    return found or None
