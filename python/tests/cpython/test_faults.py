"""What a process of CPython does when its scripts do what they should not, and when nobody listens."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

if sys.platform == "emscripten":
    pytest.skip("the engine's own Python starts no other one", allow_module_level=True)

from fake_engine import Engine

SCRIPT = Path(__file__).with_name("script.py")


@pytest.fixture
def engine():
    with Engine() as engine:
        engine.load(SCRIPT)
        yield engine


def _run(engine, task, text="{}"):
    return engine.answer(engine.begin(engine.task("work", task, text)), 60)


def _goes_on(engine):
    return engine.answer(engine.poll(1)[0])["kind"] == "skipped"


@pytest.mark.skipif(sys.platform != "linux", reason="asks the system for its own memory")
def test_a_call_that_runs_out_of_memory_fails_and_the_others_go_on(engine):
    outcome = _run(engine, "greedy")

    assert outcome["error"]["type"] == "MemoryError"
    assert _goes_on(engine)


def test_ten_thousand_polls_are_answered(engine):
    tokens = engine.poll(*[1] * 10_000)

    assert {engine.answer(token)["kind"] for token in tokens} == {"skipped"}


def test_what_nobody_reads_keeps_no_script_from_going_on(engine):
    engine.is_reading = False

    outcome = _run(engine, "print", '{"lines":20000}')

    assert outcome["kind"] == "completed"
    assert _goes_on(engine)


def test_a_context_of_ten_megabytes_comes_back_and_one_that_is_too_large_is_a_failure(engine):
    text = json.dumps({"way": "sleep", "s": 0, "much": "x" * 10_000_000})

    assert json.loads(_run(engine, "do", text)["contextText"])["much"] == "x" * 10_000_000
    outcome = _run(engine, "grow", '{"bytes":270000000}')
    assert outcome["error"]["type"] == "OverflowError"
    assert _goes_on(engine)


def test_a_child_that_c_code_has_forked_does_not_keep_its_end_from_being_noticed(engine):
    pid = json.loads(_run(engine, "fork-in-c")["contextText"])["pid"]
    try:
        engine.process.send_signal(signal.SIGKILL)

        assert engine.process.wait(5) == -signal.SIGKILL
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_script_that_closes_all_files_that_it_may_have_does_not_close_the_lines(engine):
    assert _run(engine, "close-all")["kind"] == "completed"
    assert _goes_on(engine)


def test_one_that_is_stopped_by_a_signal_goes_on_where_it_was(engine):
    engine.process.send_signal(signal.SIGSTOP)
    token = engine.begin(engine.task("work", "do", '{"way":"sleep","s":0}'))
    assert token not in engine.answers
    engine.process.send_signal(signal.SIGCONT)

    assert engine.answer(token)["kind"] == "completed"
