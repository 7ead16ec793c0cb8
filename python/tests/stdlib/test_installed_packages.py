"""Import of installed packages."""

import importlib
import importlib.util
import traceback
import warnings
from pathlib import Path
from typing import Any

import pytest

from cloaca._border import bridge

only_in_engine = pytest.mark.skipif(not bridge.has_engine(), reason="CPython supports the platform of all packages")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Returns a function that installs a package of one module with the given source."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def install(name: str, source: str) -> Path:
        path = folder / f"{name}.py"
        path.write_text(source)
        importlib.invalidate_caches()
        return path

    return install


def test_an_installed_package_is_imported_and_its_source_is_available(installed: Any) -> None:
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
def test_a_package_that_does_not_support_the_platform_raises_import_error(installed: Any, failure: str) -> None:
    path = installed("cloaca_test_foreign", f"{failure}\n")

    with pytest.raises(ImportError, match='"cloaca_test_foreign" cannot be imported') as caught:
        importlib.import_module("cloaca_test_foreign")

    assert (caught.value.name, caught.value.path) == ("cloaca_test_foreign", str(path))
    assert caught.value.__cause__ is not None


@only_in_engine
@pytest.mark.parametrize("file", ["cloaca_test_native.so", "cloaca_test_native.abi3.so"])
def test_a_native_module_of_the_host_is_not_found(installed: Any, file: str) -> None:
    folder = installed("unused", "").parent
    (folder / file).write_bytes(b"\x7fELF\x02\x01\x01")
    importlib.invalidate_caches()

    assert importlib.util.find_spec("cloaca_test_native") is None
    with pytest.raises(ModuleNotFoundError, match="No module named 'cloaca_test_native'"):
        importlib.import_module("cloaca_test_native")


@only_in_engine
def test_a_python_module_is_imported_instead_of_a_native_module_of_the_host(installed: Any) -> None:
    path = installed("cloaca_test_twin", "answer = 42\n")
    (path.parent / "cloaca_test_twin.abi3.so").write_bytes(b"\x7fELF\x02\x01\x01")
    importlib.invalidate_caches()

    module = importlib.import_module("cloaca_test_twin")

    assert (module.answer, module.__file__) == (42, str(path))


def test_other_exceptions_of_an_installed_package_propagate_unchanged(installed: Any) -> None:
    installed("cloaca_test_wrong", "raise KeyError('setting')\n")

    with pytest.raises(KeyError, match="setting"):
        importlib.import_module("cloaca_test_wrong")


def test_the_traceback_of_a_failed_import_has_no_frames_of_the_import_system(installed: Any) -> None:
    inner = installed("cloaca_test_inner", "raise KeyError('setting')\n")
    outer = installed("cloaca_test_outer", "import cloaca_test_inner\n")

    with pytest.raises(KeyError) as caught:
        import cloaca_test_outer  # type: ignore[import-not-found]  # noqa: F401

    assert [frame.f_code.co_filename for frame, _ in traceback.walk_tb(caught.tb)] == [__file__, str(outer), str(inner)]


def test_a_warning_of_an_installed_package_is_attributed_to_the_importing_file(installed: Any) -> None:
    installed("cloaca_test_warns", "import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=2)\n")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        import cloaca_test_warns  # type: ignore[import-not-found]  # noqa: F401

    assert [each.filename for each in caught] == [__file__]
