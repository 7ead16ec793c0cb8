"""The adaptations of the standard library: what each says of itself, and that plain Python has none of them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import cloaca
from cloaca._border import bridge

FOLDER = Path(cloaca.__file__).parent / "_adapt"
STEPS = {"prepare", "install"}


def puts_something_in(tree: ast.Module) -> bool:
    return any(isinstance(step, ast.FunctionDef) and step.name in STEPS for step in tree.body)


MODULES = {
    path.relative_to(FOLDER).with_suffix("").as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.rglob("*.py"))
}
ADAPTATIONS = [name for name, tree in MODULES.items() if puts_something_in(tree) and name != "__init__"]


@pytest.mark.parametrize("name", ADAPTATIONS)
def test_an_adaptation_says_why_it_is_there_and_when_it_can_go(name: str) -> None:
    header = " ".join((ast.get_docstring(MODULES[name]) or "").split())
    assert "Pyodide" in header or "WebAssembly" in header or "CPython 3.14" in header or "adaptations" in header
    assert "an be deleted " in header


@pytest.mark.parametrize("name", ADAPTATIONS)
def test_an_adaptation_is_put_in_at_the_one_visible_place(name: str) -> None:
    steps = {step.name for step in MODULES[name].body if isinstance(step, ast.FunctionDef)} & STEPS
    visible = (FOLDER / "__init__.py").read_text(encoding="utf-8")
    module = name.rpartition("/")[2]
    missing = [step for step in steps if f"    {module}.{step}(" not in visible]
    # A part of a larger adaptation is put in by that one.
    others = "".join(path.read_text(encoding="utf-8") for path in (FOLDER / name).parent.glob("*.py"))
    assert all(f"    {module}.{step}(" in others for step in missing)


@pytest.mark.skipif(bridge.has_engine(), reason="about plain Python")
def test_plain_python_has_none_of_them() -> None:
    code = "import cloaca, sys; print([name for name in sys.modules if name.startswith('cloaca._adapt')])"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=FOLDER.parent.parent
    )
    assert shown.stdout == "[]\n"
