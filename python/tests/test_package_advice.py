"""Advice below the traceback of a failed import: the package to install."""

import sys
from pathlib import Path
from typing import Any, Optional

import pytest

from cloaca._engine.packages import advice
from cloaca._engine.packages.distributions import distribution_of


def failure(tmp_path: Path, source: str) -> BaseException:
    """Runs a file with this source, and returns the exception raised."""
    file = tmp_path / "script.py"
    file.write_text(source)
    try:
        exec(compile(source, str(file), "exec"), {"__name__": "script"})
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.fixture(autouse=True)
def nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advice, "is_wanted", True)  # CPython with an engine sets it to False
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if "-packages" not in entry])
    for name in list(sys.modules):
        if name.partition(".")[0] in (
            "psycopg2",
            "MySQLdb",
            "lxml",
            "yaml",
            "jwt",
            "google",
            "azure",
            "boto3",
            "cgi",
            "tkinter",
        ):
            monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("import yaml", "Install it: cloaca pip install pyyaml"),
        ("import jwt.utils", "Install it: cloaca pip install pyjwt"),
        ("import boto3", "Install it: cloaca pip install boto3"),
        ("import google.cloud.storage", "Install it: cloaca pip install google-cloud-storage"),
        ("from google.cloud import (\n    storage,\n)", "Install it: cloaca pip install google-cloud-storage"),
        ("from azure.mgmt.compute import A", "Install it: cloaca pip install azure-mgmt-compute"),
        ("import cloacaa", "Did you mean 'cloaca'?"),
        ("from claoca import task", "Did you mean 'cloaca'?"),
        ("import nowhere.x", "If it is a package on PyPI, install it: cloaca pip install nowhere"),
    ],
)
def test_the_advice_names_a_missing_package_as_on_pypi(tmp_path: Path, statement: str, expected: str) -> None:
    assert advice.advice_on(failure(tmp_path, statement)) == expected


@pytest.mark.parametrize(
    ("statement", "package", "instead"),
    [
        ("import psycopg2", "psycopg2-binary", "use pg8000, "),
        ("import MySQLdb", "mysqlclient", "use pymysql, "),
        ("import lxml.etree", "lxml", "use beautifulsoup4 "),
        (
            "from google.cloud import (\n    pubsub_v1,\n)",
            "google-cloud-pubsub",
            "use the HTTP (REST) interface of the service, with google-api-python-client",
        ),
    ],
)
def test_the_advice_for_a_package_with_native_code_names_another_package_and_cpython(
    tmp_path: Path, statement: str, package: str, instead: str
) -> None:
    said = advice.advice_on(failure(tmp_path, statement))

    assert said is not None and said.startswith(f"Install it: cloaca pip install {package}. ")
    assert instead in said
    assert said.endswith("or the system's CPython: --python python3")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("import json.nowhere", None),
        ("import os.path.nowhere", None),
        ("from . import x", None),
        ("1 / 0", None),
        ("raise ModuleNotFoundError('no name')", None),
        ("import urllib.nowhere", None),
    ],
)
def test_other_exceptions_get_no_advice(tmp_path: Path, statement: str, expected: Optional[str]) -> None:
    found = advice.advice_on(failure(tmp_path, statement))

    assert found is expected or "is part of the standard library" in str(found)


def test_the_advice_for_a_module_removed_from_the_standard_library_names_its_replacement() -> None:
    said = advice.advice_on(ModuleNotFoundError("No module named 'cgi'", name="cgi"))

    assert said == (
        '"cgi" was removed from the standard library in Python 3.13. '
        "Install its replacement: cloaca pip install legacy-cgi"
    )


def test_the_advice_is_about_the_raised_exception_and_not_its_context(tmp_path: Path) -> None:
    error = failure(tmp_path, "try:\n    import nowhere\nexcept ImportError:\n    import yaml\n")

    assert advice.advice_on(error) == "Install it: cloaca pip install pyyaml"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.12 and later report the missing part of a package")
@pytest.mark.parametrize("raised", ["raise", "raise ImportError('see our manual') from None", "raise ImportError('x')"])
def test_the_advice_names_a_native_file_built_for_another_platform(
    tmp_path: Path, monkeypatch: Any, raised: str
) -> None:
    package = tmp_path / "site" / "cloaca_test_numeric"
    package.mkdir(parents=True)
    source = f"try:\n    from . import _core\n    import cloaca_test_numeric._core\nexcept ImportError:\n    {raised}\n"
    (package / "__init__.py").write_text(source)
    native = package / "_core.cpython-311-x86_64-linux-gnu.so"
    native.write_bytes(b"\x7fELF")
    monkeypatch.syspath_prepend(str(package.parent))

    said = advice.advice_on(failure(tmp_path, "import cloaca_test_numeric"))

    if raised.endswith("from None"):
        assert said is None  # the package hides the cause, and raises its own message
    else:
        assert said is not None and str(native) in said
        assert said.endswith("cloaca pip install cloaca_test_numeric")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have notes since 3.11")
def test_attaching_the_advice_twice_adds_one_note(tmp_path: Path) -> None:
    error: Any = failure(tmp_path, "import yaml")

    advice.attach(error)
    advice.attach(error)

    assert error.__notes__ == ["Install it: cloaca pip install pyyaml"]


def test_modules_are_mapped_to_the_names_of_their_distributions() -> None:
    assert distribution_of("opentelemetry.instrumentation.requests") == "opentelemetry-instrumentation"
    assert distribution_of("zope.schema") == "zope.schema"
    assert distribution_of("google.cloud.videointelligence_v1") == "google-cloud-videointelligence"
    assert distribution_of("attr._make") == "attrs"
    assert distribution_of("nowhere") is None
