"""Downloads and stores the files of Pyodide's distribution.

The files come from the network that serves this version of Pyodide, or from ``CLOACA_PYODIDE_MIRROR``, which is an
address or a folder. The digest of a file is checked at each use, even if the file was stored. A mirror that does not
answer costs a few seconds once, and prints one line. ``sources`` and ``shared_libraries`` use this module.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import urllib.parse
import urllib.request
from typing import Any, Callable, ContextManager, Dict, Iterator, Tuple

from ..pip_wheel import digest_of
from .lock import Build

#: Maximum time for an answer. It is longer than a slow network needs to report that a file exists.
ANSWER_WITHIN_S = 5.0
_CHUNK_BYTES = 1 << 16

#: Function that opens a file of a mirror at an address and a start offset, and returns the status and the bytes.
Open = Callable[[str, int], ContextManager[Tuple[int, Iterator[bytes]]]]


class Refused(Exception):
    """Raised if a mirror does not have a file, or another one than the lock requires. The message says what to do."""


class Interrupted(Exception):
    """Raised if a transfer ended too early, with the reason."""


class Mirror:
    """Files of one distribution."""

    def __init__(self, address: str, folder: str, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        """Creates a mirror. ``address`` is a URL or the path of a folder, and ``folder`` stores downloaded files."""
        self.address = address.rstrip("/")
        self._folder = folder
        self._answer_within_s = answer_within_s
        self._is_reachable = True
        self._found: Dict[str, bool] = {}

    @property
    def is_folder(self) -> bool:
        """Whether the files are on this machine."""
        return "://" not in self.address

    @property
    def is_reachable(self) -> bool:
        """Whether all requests so far were answered, or none was made yet."""
        return self._is_reachable

    def url(self, build: Build) -> str:
        """Returns the address of a file."""
        return f"{self.address}/{build.file_name}"

    def has(self, build: Build, ask: Callable[[str], int]) -> bool:
        """Returns whether a file is available.

        ``ask`` returns the status of an address or raises an error. Results are cached.
        """
        if not self._is_reachable:
            return self._is_kept(build)
        if build.file_name not in self._found:
            self._found[build.file_name] = self._is_kept(build) or self._look(build, ask)
        return self._found[build.file_name]

    def file(self, build: Build, open_url: Open, tries: int = 3) -> str:
        """Returns the path of a file with the right digest.

        Raises:
            Refused: The mirror does not have the file, or has a file with another digest.
            OSError: The file cannot be stored.
        """
        if self.is_folder:
            path = os.path.join(self.address, build.file_name)
            if not os.path.exists(path):
                raise Refused(f'"{path}" does not exist. Copy the file to this path, or change CLOACA_PYODIDE_MIRROR.')
            _check(path, build, path)
            return path
        path = self._place(build)
        if self._is_kept(build):
            return path
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        part = f"{path}.{os.getpid()}.part"
        try:
            self._download(build, part, open_url, tries)
            _check(part, build, self.url(build))
            os.replace(part, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.remove(part)
        return path

    def _download(self, build: Build, path: str, open_url: Open, tries: int) -> None:
        """Downloads a file. If the connection is cut or stalls, it is opened again for the rest."""
        print(f"Downloading {build.file_name} from {self.address}", flush=True)
        for left in reversed(range(tries)):
            try:
                start = os.path.getsize(path) if os.path.exists(path) else 0
                with open_url(self.url(build), start) as (status, chunks):
                    if status not in (200, 206):
                        raise Refused(f"{self.url(build)} returned status {status}.")
                    with open(path, "ab" if status == 206 else "wb") as file:
                        for chunk in chunks:
                            file.write(chunk)
                return
            except Interrupted as error:
                if left == 0:
                    raise Refused(
                        f"The download of {self.url(build)} was interrupted: {in_one_line(error)}. Try again, or set "
                        "CLOACA_PYODIDE_MIRROR to another mirror."
                    ) from None

    def _look(self, build: Build, ask: Callable[[str], int]) -> bool:
        if self.is_folder:
            if os.path.isdir(self.address):
                return os.path.exists(os.path.join(self.address, build.file_name))
            return self._give_up("the folder does not exist")
        answer: Dict[str, Any] = {}

        def look() -> None:
            try:
                answer["status"] = ask(self.url(build))
            except Exception as error:
                answer["error"] = in_one_line(error)

        # A name lookup or a connection can take longer than its own time limit.
        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        thread.join(self._answer_within_s)
        if "status" not in answer:
            return self._give_up(answer.get("error", f"no answer within {self._answer_within_s:g} s"))
        if answer["status"] in (403, 404, 410):
            print(f"cloaca: {self.url(build)} not found (status {answer['status']}).", file=sys.stderr)
            return False
        return True

    def _give_up(self, why: str) -> bool:
        self._is_reachable = False
        print(
            f"cloaca: Cannot reach Pyodide's builds at {self.address} ({why}); continuing without them. "
            "To use another mirror, set CLOACA_PYODIDE_MIRROR.",
            file=sys.stderr,
        )
        return False

    def _place(self, build: Build) -> str:
        return os.path.join(self._folder, build.sha256[:16], build.file_name)

    def _is_kept(self, build: Build) -> bool:
        path = self._place(build)
        return os.path.exists(path) and digest_of(path) == build.sha256


def mirror_of(version: str, cache: str) -> Mirror:
    """Returns the mirror that the user configured, else the network that serves this version of Pyodide."""
    named = os.environ.get("CLOACA_PYODIDE_MIRROR")
    address = named or f"https://cdn.jsdelivr.net/pyodide/v{version}/full"
    if address.startswith("file://"):
        address = urllib.request.url2pathname(urllib.parse.urlsplit(address).path)
    return Mirror(address if "://" in address else os.path.abspath(address), os.path.join(cache, "pyodide"))


def in_one_line(error: object) -> str:
    """Returns the text of an error on one line, limited in length."""
    return " ".join(str(error).split())[:300] or type(error).__name__


def _check(path: str, build: Build, place: str) -> None:
    found = digest_of(path)
    if found != build.sha256:
        raise Refused(
            f"{place} has the wrong SHA-256 digest: it is {found}, but Pyodide's lock file requires {build.sha256}. "
            "The file was not installed. Download it again, or set CLOACA_PYODIDE_MIRROR to another mirror."
        )
