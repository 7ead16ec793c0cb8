"""``cloaca pip``: pip itself, run in the engine's Python, installing packages that run there.

Pure wheels and wheels for Pyodide's ABI, with their dependencies, from the index that pip is configured for, into
``.cloaca/packages`` beside the project, where ``run`` and ``serve`` look. Everything else is pip's: its options, its
configuration files and environment variables. pip is one wheel, fetched from the same index on first use, checked
against the digest below and kept in the cache folder.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import runpy
import sys
from typing import List

from . import package_index
from .package_index import Unavailable

PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
PLATFORM = "pyemscripten_2026_0_wasm32"
TARGET = os.path.join(".cloaca", "packages")

_MISSING = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+)")


def main(words: List[str]) -> int:
    """Runs pip with these arguments and returns its exit code."""
    os.environ.setdefault("PIP_ROOT_USER_ACTION", "ignore")
    os.environ.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    try:
        wheel = _pip_wheel()
    except PermissionError as error:
        print(f"cloaca: pip cannot be kept: {error}. Set CLOACA_CACHE_DIR to a folder of yours.", file=sys.stderr)
        return 1
    except (Unavailable, OSError) as error:
        print(f"cloaca: pip cannot be fetched: {error}", file=sys.stderr)
        return 1
    _hide_other_packages(wheel)
    missing = _MissingPackages()
    sys.argv[:] = ["cloaca pip", *_arguments(words)]
    try:
        runpy.run_module("pip", run_name="__main__", alter_sys=False)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    else:
        code = 0
    for name in missing.names:
        print(f"cloaca: {_reason(name)}", file=sys.stderr)
    return code


def _arguments(words: List[str]) -> List[str]:
    """The arguments for pip: where to install, and for which Python."""
    command = words[0] if words else "--help"
    if command in ("install", "download"):
        wanted = ["--only-binary", ":all:", "--platform", PLATFORM, "--implementation", "cp"]
        wanted += ["--python-version", f"{sys.version_info[0]}.{sys.version_info[1]}"]
        for abi in (f"cp{sys.version_info[0]}{sys.version_info[1]}", "abi3", "none"):
            wanted += ["--abi", abi]
        has_target = any(word in ("-t", "--target", "-d", "--dest") or word.startswith("--target=") for word in words)
        if command == "install":
            wanted += ["--no-compile", "--upgrade"]
            wanted += [] if has_target else ["--target", TARGET]
        return [command, *wanted, *words[1:]]
    if command in ("list", "freeze") and "--path" not in words:
        return [command, "--path", TARGET, *words[1:]]
    return words or ["--help"]


def _hide_other_packages(wheel: str) -> None:
    """What the machine's own Python has installed is not what is installed here."""
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    target = os.path.abspath(TARGET)
    sys.path[:] = [wheel, *[entry for entry in sys.path if entry.startswith("/lib/") or entry in (own, target)]]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not type(finder).__module__.startswith("cloaca.")]


class _MissingPackages(logging.Handler):
    """Notes the packages for which pip says that it found nothing to install."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.names: List[str] = []
        logging.getLogger("pip").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        for name in _MISSING.findall(record.getMessage()):
            if name not in self.names:
                self.names.append(name)


def _reason(name: str) -> str:
    """Why a package cannot be installed here, and what to do."""
    try:
        files = [file for file, _ in package_index.files_of(name)]
    except Unavailable as error:
        return f'there is no package "{name}" to install: {error} Check its name and the index.'
    wheels = sorted({file[:-4].rpartition("-")[2] for file in files if file.endswith(".whl")})
    if "any" in wheels or PLATFORM in wheels:
        return f'"{name}" has wheels that run here, but not in the version that is asked for. Ask for another version.'
    if wheels:
        shown = ", ".join(wheels[:4]) + (", …" if len(wheels) > 4 else "")
        cause = f"its wheels hold native code for other machines ({shown})"
    else:
        cause = "it is published as source only, which would have to be compiled"
    return (
        f'"{name}" cannot run here: {cause}. Python runs in WebAssembly: a package needs a pure-Python wheel '
        f"(py3-none-any) or one for {PLATFORM}. Use a package without native code in its place, or do that part of the "
        "work outside."
    )


def _pip_wheel() -> str:
    """The path of pip's wheel, fetched when it is not there yet."""
    cache = os.environ.get("CLOACA_CACHE_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "cloaca"
    )
    path = os.path.join(cache, PIP_WHEEL)
    if os.path.exists(path) and _digest(path) == PIP_SHA256:
        return path
    place = next((url for file, url in package_index.files_of("pip") if file == PIP_WHEEL), None)
    if place is None:
        raise Unavailable(f"{package_index.address()} does not have {PIP_WHEEL}.")
    data = package_index.fetch(place)
    if hashlib.sha256(data).hexdigest() != PIP_SHA256:
        raise Unavailable(f"{place} is not the file that was expected: its SHA-256 digest differs.")
    os.makedirs(cache, 0o700, exist_ok=True)
    with open(f"{path}.{os.getpid()}.tmp", "wb") as file:
        file.write(data)
    os.replace(f"{path}.{os.getpid()}.tmp", path)
    return path


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
