"""Packages that an installer put on the path."""

import importlib
import importlib.util
import traceback
import warnings
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
    [
        "raise NotImplementedError('unsupported platform')",
        "raise RuntimeError('does not support this platform')",
        "import select; select.kqueue()",
        "import os; os.fork()",
        "print 'Python 2'",
    ],
)
def test_an_installed_package_that_stumbles_over_the_platform_cannot_be_imported(installed: Any, failure: str) -> None:
    path = installed("cloaca_test_foreign", f"{failure}\n")

    with pytest.raises(ImportError, match='"cloaca_test_foreign" cannot be imported') as caught:
        importlib.import_module("cloaca_test_foreign")

    assert (caught.value.name, caught.value.path) == ("cloaca_test_foreign", str(path))
    assert caught.value.__cause__ is not None


@only_in_engine
@pytest.mark.parametrize("file", ["cloaca_test_native.so", "cloaca_test_native.abi3.so"])
def test_a_native_module_of_the_machine_is_not_there(installed: Any, file: str) -> None:
    folder = installed("unused", "").parent
    (folder / file).write_bytes(b"\x7fELF\x02\x01\x01")
    importlib.invalidate_caches()

    assert importlib.util.find_spec("cloaca_test_native") is None
    with pytest.raises(ModuleNotFoundError, match="No module named 'cloaca_test_native'"):
        importlib.import_module("cloaca_test_native")


@only_in_engine
def test_the_module_in_python_beside_a_native_one_of_the_machine_is_imported(installed: Any) -> None:
    path = installed("cloaca_test_twin", "answer = 42\n")
    (path.parent / "cloaca_test_twin.abi3.so").write_bytes(b"\x7fELF\x02\x01\x01")
    importlib.invalidate_caches()

    module = importlib.import_module("cloaca_test_twin")

    assert (module.answer, module.__file__) == (42, str(path))


def test_other_failures_of_an_installed_package_stay_what_they_are(installed: Any) -> None:
    installed("cloaca_test_wrong", "raise KeyError('setting')\n")

    with pytest.raises(KeyError, match="setting"):
        importlib.import_module("cloaca_test_wrong")


def test_the_traceback_of_what_fails_in_it_has_no_frames_of_the_import_system(installed: Any) -> None:
    inner = installed("cloaca_test_inner", "raise KeyError('setting')\n")
    outer = installed("cloaca_test_outer", "import cloaca_test_inner\n")

    with pytest.raises(KeyError) as caught:
        import cloaca_test_outer  # type: ignore[import-not-found]  # noqa: F401

    assert [frame.f_code.co_filename for frame, _ in traceback.walk_tb(caught.tb)] == [__file__, str(outer), str(inner)]


def test_what_it_warns_of_is_put_down_to_whoever_imports_it(installed: Any) -> None:
    installed("cloaca_test_warns", "import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=2)\n")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        import cloaca_test_warns  # type: ignore[import-not-found]  # noqa: F401

    assert [each.filename for each in caught] == [__file__]
