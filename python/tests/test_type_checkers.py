"""`mypy --strict` accepts a program that uses every public name. (pyright reads the same program: see README.)"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


@pytest.mark.skipif(sys.platform == "emscripten", reason="mypy is compiled for the host")
def test_a_program_that_uses_every_public_name_is_well_typed(monkeypatch, tmp_path):
    api = pytest.importorskip("mypy.api", reason="mypy is not installed")
    monkeypatch.setenv("MYPYPATH", str(HERE.parent))
    options = ["--strict", "--follow-imports=silent", "--config-file=", f"--cache-dir={tmp_path}"]

    report, errors, code = api.run([*options, str(HERE / "typed_program.py")])

    assert (report.splitlines(), errors, code) == (["Success: no issues found in 1 source file"], "", 0)
