"""Surroundings of the CPython process of an engine: descriptors that it passes on, and arguments."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

if sys.platform == "emscripten":
    pytest.skip("Pyodide cannot start CPython", allow_module_level=True)

from fake_engine import Engine

SCRIPT = Path(__file__).with_name("script.py")


def test_a_program_started_by_a_task_does_not_inherit_the_sockets_of_the_engine():
    with Engine() as engine:
        engine.load(SCRIPT)
        token = engine.begin(engine.task("work", "leave-process"))
        pid = json.loads(engine.answer(token)["contextText"])["pid"]
        try:
            files = [_target(f"/proc/{pid}/fd/{each}") for each in os.listdir(f"/proc/{pid}/fd")]

            assert not [each for each in files if each.startswith("socket")]
        finally:
            os.kill(pid, signal.SIGKILL)


def _target(link):
    """Returns the target of a link in /proc, or "" for a file that a program has closed while it starts."""
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return ""


def test_a_served_script_has_no_command_line_arguments(tmp_path):
    script = tmp_path / "arguments.py"
    declares = "with cloaca.WorkflowBuilder(repr(sys.argv)):\n    cloaca.task(id='t')(print)\n"
    script.write_text("import sys\nimport cloaca\n" + declares)

    with Engine() as engine:
        loaded = engine.load(script)

    assert "['']" in json.dumps(loaded["declarations"])
