"""Command that starts the engine for a program under plain Python."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from cloaca._cpython.around import command

ENTRY = Path("cloaca", "dist", "cli", "main.js")


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hides all installed engines from the test: next to the script, in the current folder, and on the PATH."""
    script, current = tmp_path / "project" / "jobs" / "script.py", tmp_path / "elsewhere"
    for folder in (script.parent, current, tmp_path / "bin"):
        folder.mkdir(parents=True)
    monkeypatch.delenv("CLOACA_ENGINE", raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(script), raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(current)


def install(folder: Path) -> str:
    entry = folder / "node_modules" / ENTRY
    entry.parent.mkdir(parents=True)
    entry.touch()
    return str(entry)


def put_on_path(tmp_path: Path, name: str) -> str:
    program = tmp_path / "bin" / name
    program.write_text("")
    program.chmod(0o755)
    return str(program)


def test_cloaca_engine_may_contain_a_command_line_with_quotes(monkeypatch, tmp_path):
    put_on_path(tmp_path, "cloaca")
    monkeypatch.setenv("CLOACA_ENGINE", "node --title='my engine' \"/srv/my app/main.js\"")

    assert command.find() == ["node", "--title=my engine", "/srv/my app/main.js"]


@pytest.mark.parametrize("given", ["", "  "])
def test_an_empty_cloaca_engine_is_ignored(monkeypatch, tmp_path, given):
    cloaca = put_on_path(tmp_path, "cloaca")
    monkeypatch.setenv("CLOACA_ENGINE", given)

    assert command.find() == [cloaca]


def test_the_error_for_an_invalid_command_line_shows_it(monkeypatch):
    monkeypatch.setenv("CLOACA_ENGINE", "node 'main.js")

    expected = r"""^CLOACA_ENGINE is not a valid shell command line \(No closing quotation\): "node 'main\.js"$"""
    with pytest.raises(RuntimeError, match=expected):
        command.find()


@pytest.mark.parametrize("place", ["project/jobs", "project", ".", "elsewhere"])
def test_the_package_is_found_in_or_above_the_folder_of_the_script_or_the_current_folder(tmp_path, place):
    node = put_on_path(tmp_path, "node")
    put_on_path(tmp_path, "cloaca")
    entry = install(tmp_path / place)

    assert command.find() == [node, entry]


def test_the_package_nearest_to_the_script_takes_precedence(tmp_path):
    node = put_on_path(tmp_path, "node")
    entries = [install(tmp_path / place) for place in ("project", ".", "elsewhere")]

    assert command.find() == [node, entries[0]]
    shutil.rmtree(tmp_path / "project" / "node_modules")
    assert command.find() == [node, entries[1]]


def test_an_installed_package_without_node_raises_an_error(tmp_path):
    install(tmp_path / "project")

    with pytest.raises(RuntimeError, match=r'^No `node` on the PATH\. The cloaca engine in ".*node_modules.cloaca"'):
        command.find()


def test_a_session_without_a_script_uses_the_package_in_the_current_folder(monkeypatch, tmp_path):
    monkeypatch.delattr(sys.modules["__main__"], "__file__")
    node, entry = put_on_path(tmp_path, "node"), install(tmp_path / "elsewhere")

    assert command.find() == [node, entry]


@pytest.mark.skipif(sys.platform in ("win32", "emscripten"), reason="this platform cannot remove the current folder")
def test_a_removed_current_folder_is_ignored(tmp_path):
    cloaca = put_on_path(tmp_path, "cloaca")
    (tmp_path / "elsewhere").rmdir()

    assert command.find() == [cloaca]


def test_the_error_without_an_engine_gives_instructions_in_one_line():
    with pytest.raises(RuntimeError) as error:
        command.find()

    assert "\n" not in str(error.value)
    for words in ("npm install cloaca", "CLOACA_ENGINE", "npx cloaca run SCRIPT.py"):
        assert words in str(error.value)
