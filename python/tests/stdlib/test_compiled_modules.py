"""Cache of compiled code of the standard library and of installed packages."""

import importlib
import importlib.util
import sys
import zipimport
from pathlib import Path
from typing import Any

import pytest

from cloaca._border import bridge

if not bridge.has_engine():
    pytest.skip("CPython has its own cache of compiled modules", allow_module_level=True)

from cloaca._adapt.imports import compiled_modules

MODULE = "colorsys"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Returns the importer of the standard library with an empty cache. It records compilations in ``compiled``."""
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "kept"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    compile_module, compiled = compiled_modules._compile, []

    def count(self: Any, name: str) -> Any:
        compiled.append(name)
        return compile_module(self, name)

    monkeypatch.setattr(compiled_modules, "_compile", count)
    library: Any = zipimport.zipimporter(str(compiled_modules._LIBRARY))
    library.compiled = compiled
    return library


def kept_file(library: Any) -> Path:
    return Path(importlib.util.cache_from_source(f"{library.archive}/{MODULE}.py"))


def test_a_module_of_the_standard_library_is_compiled_once(library: Any) -> None:
    first = library.get_code(MODULE)
    second = library.get_code(MODULE)

    assert library.compiled == [MODULE]
    assert (second.co_code, second.co_filename) == (first.co_code, f"{library.archive}/{MODULE}.py")
    assert library.get_filename(MODULE) == f"{library.archive}/{MODULE}.py"
    assert library.compiled == [MODULE]


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: b"", lambda data: data[:8] + b"x" + data[9:]])
def test_a_damaged_or_outdated_compiled_file_is_compiled_again(library: Any, damage: Any) -> None:
    library.get_code(MODULE)
    file = kept_file(library)
    good = file.read_bytes()
    file.write_bytes(damage(good))

    library.get_code(MODULE)

    assert library.compiled == [MODULE, MODULE]
    assert file.read_bytes() == good


def test_a_module_is_compiled_on_each_load_when_the_cache_is_not_writable(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", "/proc/nowhere")

    assert library.get_code(MODULE).co_filename.endswith(f"{MODULE}.py")
    assert library.get_code(MODULE).co_filename.endswith(f"{MODULE}.py")


def test_the_archive_of_the_standard_library_is_not_read_again_after_invalidate_caches(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.get_code(MODULE)

    def fail(archive: str) -> Any:
        raise AssertionError(f"{archive} was read again")

    monkeypatch.setattr(zipimport, "_read_directory", fail)
    importlib.invalidate_caches()

    assert library.find_spec(MODULE) is not None


def test_an_installed_package_is_cached_even_with_dont_write_bytecode(
    library: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "cloaca_test_kept"
    package.mkdir(parents=True)
    for name in ("__init__", "inner"):
        (package / f"{name}.py").write_text("x = 1\n")
    (tmp_path / "cloaca_test_own.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()

    importlib.import_module("cloaca_test_kept.inner")
    importlib.import_module("cloaca_test_own")

    kept = sorted(file.name.partition(".")[0] for file in (tmp_path / "kept").rglob("*.pyc"))
    assert kept == ["__init__", "inner"]
    assert sys.dont_write_bytecode
