"""Packages that an installer put on the path."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from cloaca._border import bridge

only_in_engine = pytest.mark.skipif(not bridge.has_engine(), reason="the platform of CPython is complete")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Installs a package of one module with the given source."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def install(name: str, source: str) -> Path:
        path = folder / f"{name}.py"
        path.write_text(source)
        importlib.invalidate_caches()
        return path

    return install


def test_a_package_that_is_installed_is_imported_with_its_source(installed: Any) -> None:
    path = installed("cloaca_test_plain", "answer = 42\n")

    module = importlib.import_module("cloaca_test_plain")

    assert module.answer == 42
    assert module.__file__ == str(path)
    assert module.__spec__ is not None and module.__spec__.loader.get_source(module.__name__) == "answer = 42\n"


@only_in_engine
@pytest.mark.parametrize(
    "failure",
    ["raise NotImplementedError('unsupported platform')", "import select; select.kqueue()", "import os; os.fork()"],
)
def test_an_installed_package_that_stumbles_over_the_platform_cannot_be_imported(installed: Any, failure: str) -> None:
    path = installed("cloaca_test_foreign", f"{failure}\n")

    with pytest.raises(ImportError, match="cloaca_test_foreign cannot be imported") as caught:
        importlib.import_module("cloaca_test_foreign")

    assert (caught.value.name, caught.value.path) == ("cloaca_test_foreign", str(path))
    assert caught.value.__cause__ is not None


def test_other_failures_of_an_installed_package_stay_what_they_are(installed: Any) -> None:
    installed("cloaca_test_wrong", "raise KeyError('setting')\n")

    with pytest.raises(KeyError, match="setting"):
        importlib.import_module("cloaca_test_wrong")
