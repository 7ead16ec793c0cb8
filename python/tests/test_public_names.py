"""Public names: docstrings, table in the README, and the program for type checkers."""

from __future__ import annotations

import inspect
import re
import runpy
import types
from pathlib import Path

import pytest

import cloaca

HERE = Path(__file__).resolve().parent
TYPED_PROGRAM = HERE / "typed_program.py"
README = HERE.parent / "README.md"


def documented():
    """Returns all public names with their objects, including public members of classes."""
    things = {}
    for name in cloaca.__all__:
        things[name] = thing = getattr(cloaca, name)
        if isinstance(thing, type):
            for member, value in vars(thing).items():
                if isinstance(value, (staticmethod, property, types.FunctionType)) and not member.startswith("_"):
                    things[f"{name}.{member}"] = getattr(value, "__func__", value)
    return things


EVERYTHING = documented()

FUNCTIONS = {name: thing for name, thing in EVERYTHING.items() if inspect.isfunction(thing)}

each_function = pytest.mark.parametrize("name", FUNCTIONS)


def test_the_readme_lists_exactly_the_public_names():
    text = README.read_text(encoding="utf-8").split("## Supported API")[1]

    listed = re.findall(r"^\| `(\w+)` +\|", text, re.MULTILINE)

    assert sorted(listed) == sorted(cloaca.__all__)
    assert len(set(listed)) == len(listed)


def test_the_package_has_no_other_public_attributes():
    others = {name for name in vars(cloaca) if not name.startswith("_")} - {*cloaca.__all__, "testing"}

    assert others == set()
    assert not hasattr(cloaca, "__version__")


def test_the_package_has_the_shutdown_function_for_the_end_of_the_interpreter():
    assert callable(cloaca._shutdown_all_runners)


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_public_name_has_a_docstring_with_a_complete_first_line(name):
    text = inspect.getdoc(EVERYTHING[name])

    assert text
    assert text.splitlines()[0].endswith((".", ":"))


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if "." not in name and not name.endswith("_of")])
def test_the_docstring_of_a_function_names_every_argument(name):
    text = inspect.getdoc(FUNCTIONS[name])

    assert [argument for argument in inspect.signature(FUNCTIONS[name]).parameters if f"{argument}:" not in text] == []


@each_function
def test_every_argument_and_result_has_a_type(name):
    signature = inspect.signature(FUNCTIONS[name])

    assert signature.return_annotation is not inspect.Signature.empty
    assert [p.name for p in signature.parameters.values() if p.annotation is p.empty and p.name != "self"] == []


def test_the_typed_program_uses_every_public_name_and_can_be_run(monkeypatch):
    monkeypatch.setenv("CLOACINA_VAR_INBOX", "a.csv")

    program = runpy.run_path(str(TYPED_PROGRAM))

    source = TYPED_PROGRAM.read_text(encoding="utf-8")
    assert [name for name in cloaca.__all__ if f"cloaca.{name}" not in source] == []
    assert program["related"] is True
    assert len(program["names"]) == 4
