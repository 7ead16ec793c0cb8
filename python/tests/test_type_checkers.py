"""`mypy --strict` accepts a program that uses every public name. (pyright reads the same program: see README.)

It also checks what the adaptations of the standard library call of the host, with the configuration of the project.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
ADAPTATION = Path("cloaca", "_adapt", "sockets", "transfers.py")

pytestmark = pytest.mark.skipif(sys.platform == "emscripten", reason="mypy is compiled for the host")


def test_a_program_that_uses_every_public_name_is_well_typed(monkeypatch, tmp_path):
    api = pytest.importorskip("mypy.api", reason="mypy is not installed")
    monkeypatch.setenv("MYPYPATH", str(HERE.parent))
    options = ["--strict", "--follow-imports=silent", "--config-file=", f"--cache-dir={tmp_path}"]

    report, errors, code = api.run([*options, str(HERE / "typed_program.py")])

    assert (report.splitlines(), errors, code) == (["Success: no issues found in 1 source file"], "", 0)


MISTAKES = {
    'cloaca.task(retry_backoff="fast")': "retry_backoff",
    'cloaca.task(retry_condition="some")': "retry_condition",
    'cloaca.trigger(on="w", cron="@daily", catchup="last")': "catchup",
    'cloaca.context_value("rows", "=>", 0)': "context_value",
    'cloaca.trigger(on="w", poll_interval=5)': "poll_interval",
    'cloaca.trigger(on="w", timeout=5)': "timeout",
    'cloaca.trigger(on="w", max_active="3")': "max_active",
    "cloaca.TriggerResult.skip(5)": "skip",
    'cloaca.TriggerResult.fire({"file": "a"})': "fire",
    "cloaca.task(timeout=90)": "timeout",
}


def test_a_mistake_in_a_program_is_found_by_the_type_checker(monkeypatch, tmp_path):
    api = pytest.importorskip("mypy.api", reason="mypy is not installed")
    monkeypatch.setenv("MYPYPATH", str(PROJECT))
    program = tmp_path / "mistaken.py"
    program.write_text("\n".join(["import cloaca", *MISTAKES]), encoding="utf-8")

    options = ["--strict", "--follow-imports=silent", "--config-file=", f"--cache-dir={tmp_path / 'cache'}"]
    report, _, _ = api.run([*options, str(program)])

    found = {int(line.split(":")[1]) - 2: line for line in report.splitlines() if ": error:" in line}
    assert [call for index, call in enumerate(MISTAKES) if MISTAKES[call] not in found.get(index, "")] == []


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
