"""Adaptations of the standard library: their docstrings, their installation, and their absence in plain Python."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import cloaca
from cloaca._border import bridge

FOLDER = Path(cloaca.__file__).parent / "_adapt"
STEPS = {"prepare", "install"}


def is_adaptation(tree: ast.Module) -> bool:
    return any(isinstance(step, ast.FunctionDef) and step.name in STEPS for step in tree.body)


MODULES = {
    path.relative_to(FOLDER).with_suffix("").as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.rglob("*.py"))
}
ADAPTATIONS = [name for name, tree in MODULES.items() if is_adaptation(tree) and name != "__init__"]


@pytest.mark.parametrize("name", ADAPTATIONS)
def test_the_docstring_of_an_adaptation_gives_its_reason_and_when_to_delete_it(name: str) -> None:
    header = " ".join((ast.get_docstring(MODULES[name]) or "").split())
    assert "Pyodide" in header or "WebAssembly" in header or "CPython 3.14" in header or "adaptations" in header
    assert "an be deleted " in header


@pytest.mark.parametrize("name", ADAPTATIONS)
def test_every_adaptation_is_installed_by_the_package_or_by_a_larger_adaptation(name: str) -> None:
    steps = {step.name for step in MODULES[name].body if isinstance(step, ast.FunctionDef)} & STEPS
    visible = (FOLDER / "__init__.py").read_text(encoding="utf-8")
    module = name.rpartition("/")[2]
    missing = [step for step in steps if f"    {module}.{step}(" not in visible]
    # A part of a larger adaptation is installed by that adaptation.
    others = "".join(path.read_text(encoding="utf-8") for path in (FOLDER / name).parent.glob("*.py"))
    assert all(f"    {module}.{step}(" in others for step in missing)


@pytest.mark.skipif(bridge.has_engine(), reason="tests plain Python")
def test_importing_cloaca_in_plain_python_loads_no_adaptation() -> None:
    code = "import cloaca, sys; print([name for name in sys.modules if name.startswith('cloaca._adapt')])"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=FOLDER.parent.parent
    )
    assert shown.stdout == "[]\n"
