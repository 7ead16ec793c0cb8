"""mypy and pyright accept a program that uses every public name, and find the mistakes of one that has many.

mypy also checks what the adaptations of the standard library call of the host, with the configuration of the project.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
ADAPTATION = Path("cloaca", "_adapt", "sockets", "transfers.py")
TYPED = HERE / "typed_program.py"
MISTAKEN = HERE / "mistaken_program.py"
EXAMPLES = sorted(path for path in (PROJECT / "examples").glob("*/*.py") if not path.name.startswith("test_"))

pytestmark = pytest.mark.skipif(sys.platform == "emscripten", reason="mypy is compiled for the host")


def mypy_errors(programs, folder, monkeypatch, *options):
    """What mypy finds, as program and line."""
    api = pytest.importorskip("mypy.api", reason="mypy is not installed")
    monkeypatch.setenv("MYPYPATH", str(PROJECT))
    settings = ["--follow-imports=silent", "--config-file=", f"--cache-dir={folder}", *options]
    report, errors, _ = api.run([*settings, *map(str, programs)])
    assert errors == ""
    parts = [line.split(":", 2) for line in report.splitlines() if ": error:" in line]
    return {(Path(path).name, int(line)) for path, line, _ in parts}


def pyright_errors(programs, folder):
    """What pyright finds, as program and line."""
    pytest.importorskip("pyright", reason="pyright is not installed")
    # It reads what lies beside its settings only.
    for program in programs:
        shutil.copy(program, folder)
    settings = folder / "pyrightconfig.json"
    settings.write_text(json.dumps({"extraPaths": [str(PROJECT)], "pythonVersion": "3.9"}), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "-p", str(settings)]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    assert report["summary"]["filesAnalyzed"] == len(programs)
    return {
        (Path(entry["file"]).name, entry["range"]["start"]["line"] + 1)
        for entry in report["generalDiagnostics"]
        if entry["severity"] == "error"
    }


def test_mypy_accepts_a_program_that_uses_every_public_name(monkeypatch, tmp_path):
    assert mypy_errors([TYPED], tmp_path, monkeypatch, "--strict") == set()


def test_mypy_accepts_the_examples_which_have_no_annotations(monkeypatch, tmp_path):
    assert (
        mypy_errors(EXAMPLES, tmp_path, monkeypatch, "--check-untyped-defs", "--disable-error-code=var-annotated")
        == set()
    )


def test_pyright_accepts_the_program_and_the_examples(tmp_path):
    assert pyright_errors([TYPED, *EXAMPLES], tmp_path) == set()


def mistakes():
    lines = MISTAKEN.read_text(encoding="utf-8").splitlines()
    return {(MISTAKEN.name, number) for number, line in enumerate(lines, 1) if "  # mistake" in line}


def test_mypy_finds_each_mistake_where_it_is_and_nothing_else(monkeypatch, tmp_path):
    assert mypy_errors([MISTAKEN], tmp_path, monkeypatch) == mistakes()


def test_pyright_finds_each_mistake_where_it_is_and_nothing_else(tmp_path):
    assert pyright_errors([MISTAKEN], tmp_path) == mistakes()


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize(
    ("call", "mistaken", "complaint"),
    [
        ("sockets.read(number,", "sockets.raed(number,", '"Sockets" has no attribute "raed"'),
        ("sockets.write(number, part)", "sockets.write(number)", 'Missing positional argument "bytes"'),
        (
            "sockets.write(number, part)",
            "sockets.write(number, part, 0)",
            'Too many arguments for "write" of "Sockets"',
        ),
        (
            "sockets.read(number,",
            "sockets.read(str(number),",
            'Argument 1 to "read" of "Sockets" has incompatible type',
        ),
    ],
    ids=["a misspelt function", "too few arguments", "too many arguments", "an argument of another type"],
)
def test_an_adaptation_that_calls_the_host_wrongly_is_refused(monkeypatch, tmp_path, cache, call, mistaken, complaint):
    api = pytest.importorskip("mypy.api", reason="mypy is not installed")
    monkeypatch.chdir(PROJECT)
    text = ADAPTATION.read_text(encoding="utf-8")
    assert text.count(call) == 1
    changed = tmp_path / ADAPTATION.name
    changed.write_text(text.replace(call, mistaken), encoding="utf-8")

    # Reads the changed file in the place of the project's.
    options = [f"--cache-dir={cache}", "--follow-imports=silent", "--shadow-file", str(ADAPTATION), str(changed)]
    report, errors, code = api.run([*options, str(ADAPTATION)])

    found, summary = report.splitlines()
    assert f"error: {complaint}" in found
    assert (summary, errors, code) == ("Found 1 error in 1 file (checked 1 source file)", "", 1)
