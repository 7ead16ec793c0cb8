"""Choice of the Node that starts the engine, also in a project with the npm package ``node``."""

import os
import sys

import pytest

from cloaca._cpython.around import command

pytestmark = pytest.mark.skipif(
    sys.platform in ("win32", "emscripten"), reason="a program on this platform cannot start an engine"
)


def executable(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n")
    os.chmod(path, 0o755)
    return str(path)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Creates a folder with the engine in its `node_modules`, and a Node on the PATH."""
    monkeypatch.delenv(command.VARIABLE, raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(tmp_path / "script.py"), raising=False)
    executable(tmp_path / "node_modules/cloaca/dist/cli/main.js")
    executable(tmp_path / "bin/node")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def entry_of(project):
    return str(project / "node_modules/cloaca/dist/cli/main.js")


def test_node_is_taken_from_the_path(project):
    assert command.find() == [str(project / "bin/node"), entry_of(project)]


@pytest.mark.parametrize("place", ["node_modules/.bin/node", "node_modules/cloaca/node_modules/.bin/node"])
def test_the_node_of_the_project_takes_precedence_over_the_path(project, place):
    node = executable(project / place)
    assert command.find() == [node, entry_of(project)]


def test_a_missing_node_raises_an_error_that_names_the_package(project):
    os.remove(project / "bin/node")
    with pytest.raises(RuntimeError, match=r'^No `node` on the PATH\. The cloaca engine in ".*node_modules/cloaca"'):
        command.find()
