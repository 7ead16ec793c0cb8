"""Check of the requirements file next to a script."""

import importlib.metadata
from pathlib import Path
from typing import Any, List

import pytest

from cloaca._engine.packages import requirements

INSTALLED = {"requests": "2.32.0", "PyJWT": "2.6.0"}


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        found = {each.lower(): number for each, number in INSTALLED.items()}.get(name.lower())
        if found is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(importlib.metadata, "version", version)


def unmet(folder: Path, text: str) -> List[str]:
    (folder / "requirements.txt").write_text(text)
    found: Any = requirements.unmet_beside(str(folder / "script.py"))
    assert found is None or found["file"] == str(folder / "requirements.txt")
    return [] if found is None else list(found["unmet"])


def test_a_folder_without_a_requirements_file_has_no_unmet_requirements(tmp_path: Path) -> None:
    assert requirements.unmet_beside(str(tmp_path / "script.py")) is None


@pytest.mark.parametrize(
    "line",
    [
        "requests",
        "Requests[socks]>=2,<3  # a comment",
        "pyjwt==2.6.0 --hash=sha256:00",
        "pyjwt \\\n  >=2 \\\n  --hash=sha256:00",
        'pywin32; sys_platform == "win32"',
        "# nowhere",
        "",
        "-e .",
        "./wheels/x.whl",
        "https://example.org/x.zip",
        "--index-url https://example.org",
        "-c constraints.txt",
        "-r missing.txt",
        "this is no requirement",
    ],
)
def test_an_installed_package_or_a_line_without_a_package_name_is_not_reported(tmp_path: Path, line: str) -> None:
    assert unmet(tmp_path, f"{line}\n") == []


def test_a_missing_or_outdated_package_is_reported_with_the_installed_version(tmp_path: Path) -> None:
    text = "\ufeffnowhere>=1\nrequests>=99\nelsewhere @ https://example.org/x.zip\n"

    assert unmet(tmp_path, text) == [
        "nowhere>=1 is not installed",
        "requests>=99, but 2.32.0 is installed",
        "elsewhere is not installed",
    ]


def test_requirements_files_that_include_each_other_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("nowhere\n-r requirements.txt\n")

    assert unmet(tmp_path, "-r more.txt\n--requirement=more.txt\n") == ["nowhere is not installed"]


def test_a_large_binary_requirements_file_causes_no_error(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"\xff\xfe\x00nowhere\n" * 200_000)

    requirements.unmet_beside(str(tmp_path / "script.py"))


def test_checking_requirements_keeps_the_packaging_module_of_the_script(tmp_path: Path) -> None:
    import sys

    before = sys.modules.get("packaging")
    unmet(tmp_path, "requests\n")

    assert sys.modules.get("packaging") is before
