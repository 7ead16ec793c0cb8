"""What a process of CPython does when its scripts do what they should not, and when nobody listens."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
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


def test_of_many_calls_each_has_one_answer_and_only_those_are_stopped_that_were_told_to(engine):
    """At any moment, also before they have begun; on the main thread, on others, in the event loop."""
    chance = random.Random(42)
    waits = [("do", {"way": "sleep"}), ("do", {"way": "event"}), ("do", {"way": "spin"}), ("async", {})]
    quick = [("do", {"way": "sleep", "s": 0.01}), ("async", {"s": 0.01})]
    stopped, left_alone = [], []
    for _ in range(300):
        is_stopped = chance.random() < 0.4
        task, values = chance.choice(waits if is_stopped else quick)
        token = engine.begin(engine.task("work", task, json.dumps(values)))
        if is_stopped:
            time.sleep(chance.choice([0, 0.0003, 0.0006, 0.001]))
            engine.stop(token, "its time is over", is_cancelled=chance.random() < 0.3)
        (stopped if is_stopped else left_alone).append(token)
        if chance.random() < 0.2:
            for each in stopped:
                engine.control(3, each)

    assert {engine.answer(token, 30)["kind"] for token in left_alone} == {"completed"}
    assert {engine.answer(token, 30)["kind"] for token in stopped} == {"timedOut", "failed"}
    assert {engine.answer_counts[token] for token in stopped + left_alone} == {1}


def test_an_async_call_that_is_stopped_before_its_first_step_is_answered(engine):
    engine.begin(engine.task("work", "async", '{"blocks":true,"way":"sleep","s":0.3}'))
    time.sleep(0.1)
    token = engine.begin(engine.task("work", "async"))
    time.sleep(0.1)
    engine.stop(token, "its time is over")

    assert engine.answer(token)["kind"] == "timedOut"
