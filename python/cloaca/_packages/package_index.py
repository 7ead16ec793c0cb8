"""The package index that pip is configured for: which files it has of a package, and their contents.

Asked for JSON (PEP 691), which pypi.org and current mirrors have. Folders of links, which a plain web server can be,
have HTML only, and pip takes them; so they are read as well. Used by ``pip``.
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
    """Something that cannot be had from the index, and why."""


def address() -> str:
    """Where the index is, without a slash at its end."""
    return (_setting("index-url") or DEFAULT_ADDRESS).rstrip("/")


def files_of(name: str) -> List[Tuple[str, str]]:
    """Names and addresses of the files that the index has of a package."""
    base = f"{address()}/{re.sub(r'[-_.]+', '-', name).lower()}/"
    try:
        with _open(base, _ACCEPT) as response:
            kind, place, page = response.headers.get_content_type(), response.geturl(), response.read()
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise Unavailable(f"{address()} does not know it.") from None
        raise Unavailable(f"{base} answers {error.code} {error.reason}.") from None
    except urllib.error.URLError as error:
        raise Unavailable(f"{base} cannot be reached: {error.reason}.") from None
    if kind == _JSON:
        files = _files_in_json(base, page)
    elif kind in _HTML:
        files = _links_in_html(page)
    else:
        raise Unavailable(f"{base} is not the page of a package index: its type is {kind}.")
    return [(file, urllib.parse.urljoin(place, link)) for file, link in files]


def fetch(url: str) -> bytes:
    """The contents of a file of the index."""
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
        raise Unavailable(f"{base} is not what PEP 691 describes: {error!r}.") from None
    if str(version).partition(".")[0] != "1":
        raise Unavailable(f"{base} is of version {version} of the index API, and only version 1 is known.")
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
    """A setting of pip, from its environment variable or its configuration files, as pip itself would find it."""
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
