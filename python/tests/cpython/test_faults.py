"""CPython processes with misbehaving scripts, unread output, or an engine that does not answer."""

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
    pytest.skip("Pyodide cannot start CPython", allow_module_level=True)

from fake_engine import Engine

SCRIPT = Path(__file__).with_name("script.py")


@pytest.fixture
def engine():
    with Engine() as engine:
        engine.load(SCRIPT)
        yield engine


def _run(engine, task, text="{}"):
    return engine.answer(engine.begin(engine.task("work", task, text)), 60)


def _answers_a_poll(engine):
    return engine.answer(engine.poll(1)[0])["kind"] == "skipped"


@pytest.mark.skipif(sys.platform != "linux", reason="reads its memory use from /proc")
def test_a_call_that_runs_out_of_memory_fails_and_other_calls_continue(engine):
    outcome = _run(engine, "greedy")

    assert outcome["error"]["type"] == "MemoryError"
    assert _answers_a_poll(engine)


def test_ten_thousand_polls_are_answered(engine):
    tokens = engine.poll(*[1] * 10_000)

    assert {engine.answer(token)["kind"] for token in tokens} == {"skipped"}


def test_a_script_continues_while_nobody_reads_its_output(engine):
    engine.is_reading = False

    outcome = _run(engine, "print", '{"lines":20000}')

    assert outcome["kind"] == "completed"
    assert _answers_a_poll(engine)


def test_a_context_of_10_mb_is_returned_and_a_context_of_270_mb_fails(engine):
    text = json.dumps({"way": "sleep", "s": 0, "much": "x" * 10_000_000})

    assert json.loads(_run(engine, "do", text)["contextText"])["much"] == "x" * 10_000_000
    outcome = _run(engine, "grow", '{"bytes":270000000}')
    assert outcome["error"]["type"] == "OverflowError"
    assert _answers_a_poll(engine)


def test_a_child_forked_in_c_does_not_hide_the_end_of_the_process(engine):
    pid = json.loads(_run(engine, "fork-in-c")["contextText"])["pid"]
    try:
        engine.process.send_signal(signal.SIGKILL)

        assert engine.process.wait(5) == -signal.SIGKILL
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_script_that_closes_descriptors_3_to_63_does_not_close_the_connection_to_the_engine(engine):
    assert _run(engine, "close-all")["kind"] == "completed"
    assert _answers_a_poll(engine)


def test_a_process_stopped_by_sigstop_resumes_after_sigcont(engine):
    engine.process.send_signal(signal.SIGSTOP)
    token = engine.begin(engine.task("work", "do", '{"way":"sleep","s":0}'))
    assert token not in engine.answers
    engine.process.send_signal(signal.SIGCONT)

    assert engine.answer(token)["kind"] == "completed"


@pytest.mark.proof
def test_each_of_300_calls_is_answered_once_and_only_calls_told_to_stop_are_stopped(engine):
    # Stops calls at any time, even before they begin, on the main thread, other threads and in the event loop.
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


def test_an_async_call_stopped_before_its_first_step_is_answered_as_timed_out(engine):
    engine.begin(engine.task("work", "async", '{"blocks":true,"way":"sleep","s":0.3}'))
    time.sleep(0.1)
    token = engine.begin(engine.task("work", "async"))
    time.sleep(0.1)
    engine.stop(token, "its time is over")

    assert engine.answer(token)["kind"] == "timedOut"
