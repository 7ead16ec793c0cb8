"""mypy and pyright accept a program that uses every public name, and report all mistakes of another program.

With the configuration of the project, mypy also checks the calls of the adaptations to the host.
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

pytestmark = pytest.mark.skipif(sys.platform == "emscripten", reason="mypy does not run in Pyodide")


def mypy_errors(programs, folder, monkeypatch, *options):
    """Returns the errors of mypy, as (file name, line)."""
    api = pytest.importorskip("mypy.api", reason="mypy is not installed")
    monkeypatch.setenv("MYPYPATH", str(PROJECT))
    settings = ["--follow-imports=silent", "--config-file=", f"--cache-dir={folder}", *options]
    report, errors, _ = api.run([*settings, *map(str, programs)])
    assert errors == ""
    parts = [line.split(":", 2) for line in report.splitlines() if ": error:" in line]
    return {(Path(path).name, int(line)) for path, line, _ in parts}


def pyright_errors(programs, folder):
    """Returns the errors of pyright, as (file name, line)."""
    pytest.importorskip("pyright", reason="pyright is not installed")
    # pyright reads only files in the folder of its settings.
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


def test_mypy_accepts_the_examples_without_annotations(monkeypatch, tmp_path):
    assert (
        mypy_errors(EXAMPLES, tmp_path, monkeypatch, "--check-untyped-defs", "--disable-error-code=var-annotated")
        == set()
    )


def test_pyright_accepts_the_program_and_the_examples(tmp_path):
    assert pyright_errors([TYPED, *EXAMPLES], tmp_path) == set()


def mistakes():
    lines = MISTAKEN.read_text(encoding="utf-8").splitlines()
    return {(MISTAKEN.name, number) for number, line in enumerate(lines, 1) if "  # mistake" in line}


def test_mypy_reports_exactly_the_lines_marked_as_mistakes(monkeypatch, tmp_path):
    assert mypy_errors([MISTAKEN], tmp_path, monkeypatch) == mistakes()


def test_pyright_reports_exactly_the_lines_marked_as_mistakes(tmp_path):
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
def test_mypy_refuses_an_adaptation_that_calls_the_host_wrongly(
    monkeypatch, tmp_path, cache, call, mistaken, complaint
):
    api = pytest.importorskip("mypy.api", reason="mypy is not installed")
    monkeypatch.chdir(PROJECT)
    text = ADAPTATION.read_text(encoding="utf-8")
    assert text.count(call) == 1
    changed = tmp_path / ADAPTATION.name
    changed.write_text(text.replace(call, mistaken), encoding="utf-8")

    # Makes mypy read the changed file instead of the file of the project.
    options = [f"--cache-dir={cache}", "--follow-imports=silent", "--shadow-file", str(ADAPTATION), str(changed)]
    report, errors, code = api.run([*options, str(ADAPTATION)])

    found, summary = report.splitlines()
    assert f"error: {complaint}" in found
    assert (summary, errors, code) == ("Found 1 error in 1 file (checked 1 source file)", "", 1)
