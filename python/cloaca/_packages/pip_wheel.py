"""pip itself: one wheel, which is downloaded from pip's configured index, checked, and stored in the cache folder.

Some of its modules are changed (``pip_modules``), so a single version is used, which its digest identifies.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile

from . import package_index
from .package_index import Unavailable

PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


def cache_folder() -> str:
    """Returns the folder of downloaded files."""
    return os.environ.get("CLOACA_CACHE_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "cloaca"
    )


def pip_folder() -> str:
    """Returns the folder from which pip is imported. It has the extracted wheel, so modules are compiled only once.

    Raises:
        Unavailable: The index does not have the wheel, or has another file.
        OSError: The wheel cannot be stored.
    """
    folder = os.path.join(cache_folder(), f"pip-{PIP_SHA256[:16]}")
    if os.path.isdir(folder):
        return folder
    made = f"{folder}.{os.getpid()}.tmp"
    with zipfile.ZipFile(_pip_wheel()) as wheel:
        wheel.extractall(made)
    try:
        os.rename(made, folder)
    except OSError:
        shutil.rmtree(made, ignore_errors=True)
        if not os.path.isdir(folder):  # else another process has created the folder
            raise
    return folder


def _pip_wheel() -> str:
    """Returns the path of pip's wheel, which is downloaded if it is missing.

    Raises:
        Unavailable: The index does not have the wheel, or has another file.
        OSError: The wheel cannot be stored.
    """
    path = os.path.join(cache_folder(), PIP_WHEEL)
    if os.path.exists(path) and digest_of(path) == PIP_SHA256:
        return path
    place = next((url for file, url in package_index.files_of("pip") if file == PIP_WHEEL), None)
    if place is None:
        raise Unavailable(f"{package_index.address()} does not have {PIP_WHEEL}.")
    data = package_index.fetch(place)
    if hashlib.sha256(data).hexdigest() != PIP_SHA256:
        raise Unavailable(
            f"{place} has the wrong SHA-256 digest. Try again, or set PIP_INDEX_URL to another package index."
        )
    os.makedirs(cache_folder(), 0o700, exist_ok=True)
    with open(f"{path}.{os.getpid()}.tmp", "wb") as file:
        file.write(data)
    os.replace(f"{path}.{os.getpid()}.tmp", path)
    return path


def digest_of(path: str) -> str:
    """Returns the SHA-256 digest of a file as hexadecimal digits."""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            found.update(chunk)
    return found.hexdigest()
