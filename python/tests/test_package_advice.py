"""Advice below the traceback of an import that failed because a package is missing."""

import sys
from pathlib import Path
from typing import Any, Optional

import pytest

from cloaca._engine.packages import advice
from cloaca._engine.packages.distributions import distribution_of


def failure(tmp_path: Path, source: str) -> BaseException:
    """Runs a file with this source, and returns the exception that it raises."""
    file = tmp_path / "script.py"
    file.write_text(source)
    try:
        exec(compile(source, str(file), "exec"), {"__name__": "script"})
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.fixture(autouse=True)
def nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advice, "is_wanted", True)  # a CPython that has an engine switches it off
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
def test_a_missing_package_is_named_as_on_the_index(tmp_path: Path, statement: str, expected: str) -> None:
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
def test_one_of_native_code_is_said_to_need_another_python_or_package(
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
def test_other_failures_get_no_advice(tmp_path: Path, statement: str, expected: Optional[str]) -> None:
    found = advice.advice_on(failure(tmp_path, statement))

    assert found is expected or "is part of the standard library" in str(found)


def test_a_module_that_left_the_standard_library_is_said_to_have_left() -> None:
    said = advice.advice_on(ModuleNotFoundError("No module named 'cgi'", name="cgi"))

    assert said == (
        '"cgi" was removed from the standard library in Python 3.13. '
        "Install its replacement: cloaca pip install legacy-cgi"
    )


def test_the_outermost_failure_counts(tmp_path: Path) -> None:
    error = failure(tmp_path, "try:\n    import nowhere\nexcept ImportError:\n    import yaml\n")

    assert advice.advice_on(error) == "Install it: cloaca pip install pyyaml"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="an import names what it lacks of a package since 3.12")
@pytest.mark.parametrize("raised", ["raise", "raise ImportError('see our manual') from None", "raise ImportError('x')"])
def test_native_code_of_the_machine_is_named_as_such(tmp_path: Path, monkeypatch: Any, raised: str) -> None:
    package = tmp_path / "site" / "cloaca_test_numeric"
    package.mkdir(parents=True)
    source = f"try:\n    from . import _core\n    import cloaca_test_numeric._core\nexcept ImportError:\n    {raised}\n"
    (package / "__init__.py").write_text(source)
    native = package / "_core.cpython-311-x86_64-linux-gnu.so"
    native.write_bytes(b"\x7fELF")
    monkeypatch.syspath_prepend(str(package.parent))

    said = advice.advice_on(failure(tmp_path, "import cloaca_test_numeric"))

    if raised.endswith("from None"):
        assert said is None  # the package hides why, and has said what it wants to
    else:
        assert said is not None and str(native) in said
        assert said.endswith("cloaca pip install cloaca_test_numeric")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have notes since 3.11")
def test_the_advice_is_a_note_that_is_added_once(tmp_path: Path) -> None:
    error: Any = failure(tmp_path, "import yaml")

    advice.attach(error)
    advice.attach(error)

    assert error.__notes__ == ["Install it: cloaca pip install pyyaml"]


def test_every_module_of_a_namespace_has_a_distribution() -> None:
    assert distribution_of("opentelemetry.instrumentation.requests") == "opentelemetry-instrumentation"
    assert distribution_of("zope.schema") == "zope.schema"
    assert distribution_of("google.cloud.videointelligence_v1") == "google-cloud-videointelligence"
    assert distribution_of("attr._make") == "attrs"
    assert distribution_of("nowhere") is None
