"""CPython process of an engine: messages, threads of calls, and stopping of calls.

The engine is a stand-in (``fake_engine``). The process is real, and runs the Python of these tests.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

if sys.platform == "emscripten":
    pytest.skip("Pyodide cannot start CPython", allow_module_level=True)

from fake_engine import PYTHON, Engine, readable
from limits import LIMIT

from cloaca._border import start_limit

SCRIPT = Path(__file__).with_name("script.py")
DEADLINE = "task timed out after 1 s (timeout)"


def _answer(message):
    if message["method"] != "secret":
        return ValueError(f"not expected: {message['method']}")
    name = json.loads(message["payloadJson"])["name"]
    if name == "never":
        time.sleep(600)
    return {"fields": {"password": "correct horse", "one": "1", "two": "2"}}


@pytest.fixture(scope="module")
def engine():
    with Engine(calls=_answer) as engine:
        engine.loaded = engine.load(SCRIPT)
        yield engine


@pytest.fixture
def own_engine():
    """Starts an engine for one test, which may break it."""
    with Engine(calls=_answer) as engine:
        engine.load(SCRIPT)
        yield engine


_numbers = itertools.count(1)
_number_of = {}


def _begin(engine, task, **values):
    number = next(_numbers)
    token = engine.begin(engine.task("work", task, json.dumps({"number": number, **values})))
    _number_of[engine, token] = number
    return token


def _do(engine, way, **values):
    return _begin(engine, "do", way=way, **values)


def _wait_until_runs(engine, *tokens):
    for token in tokens:
        engine.wait_for_output(b"begun %d\n" % _number_of[engine, token])
    time.sleep(0.15)  # the calls most likely reach their wait or computation; the tests also pass if they do not


def _answer_after(engine, token, insist):
    """Waits for the answer of a stopped call. Like the engine, repeats the stop until then."""
    end = time.monotonic() + LIMIT
    while token not in engine.answers and time.monotonic() < end:
        insist()
        time.sleep(0.02)
    return engine.answer(token)


def _poll_number(engine, name):
    return next(each["pollNumber"] for each in engine.loaded["declarations"] if each.get("name") == name)


def test_the_hello_message_has_the_python_version_package_digest_and_process_id(engine):
    from cloaca._cpython.channel.build import package_digest

    assert engine.hello["digest"] == package_digest()
    version = subprocess.run(
        [PYTHON, "-c", "import sys; print(sys.version)"], capture_output=True, text=True, check=True
    )
    assert engine.hello["python"] == version.stdout.split()[0]
    assert engine.hello["pid"] == engine.process.pid


def test_loading_a_script_returns_its_declarations_and_files(engine):
    names = {each.get("name") or each.get("key") for each in engine.loaded["declarations"]}

    assert engine.loaded["fault"] is None
    assert names == {"quiet", "slow", "async", "work"}
    assert engine.loaded["files"] == [str(SCRIPT)]


def test_declarations_made_in_a_task_are_sent_before_its_outcome(engine):
    tokens = {f"late_{index}": _do(engine, "declare", name=f"late_{index}") for index in range(20)}

    for name, token in tokens.items():
        assert engine.answer(token)["kind"] == "completed"
        before = engine.declared[: engine.declared_before[token]]
        assert any(name == each.get("name") for message in before for each in json.loads(message["declarationsJson"]))


def test_an_exception_while_loading_a_script_is_returned_with_its_place(engine, tmp_path):
    (tmp_path / "wrong.py").write_text("import cloaca\n1 / 0\n")

    fault = engine.load(tmp_path / "wrong.py", generation=77)["fault"]

    assert fault["type"] == "ZeroDivisionError"
    assert fault["place"] == {"file": str(tmp_path / "wrong.py"), "line": 2}
    assert "_cpython" not in fault["traceback"]


def test_500_polls_run_on_the_main_thread_one_after_another(engine):
    tokens = engine.poll(*[_poll_number(engine, "quiet")] * 500)

    assert {engine.answer(token)["kind"] for token in tokens} == {"skipped"}
    (fired,) = engine.poll(_poll_number(engine, "async"))
    assert engine.answer(fired) == {"kind": "fired", "contextText": '{"polls":500}'}


def test_a_sleeping_poll_does_not_delay_the_other_polls_of_its_batch(engine):
    quiet, slow = _poll_number(engine, "quiet"), _poll_number(engine, "slow")
    before, sleeps, behind = engine.poll(quiet, slow, quiet)

    assert [engine.answer(token)["kind"] for token in (before, behind)] == ["skipped", "skipped"]

    engine.stop(sleeps, DEADLINE)
    assert engine.answer(sleeps)["kind"] == "timedOut"


def _now_ms():
    return start_limit.clock.now() * 1000


def test_requests_after_their_start_limit_are_answered_without_a_call(engine):
    late = {"start_before": _now_ms(), "is_again": False}
    before = len(engine.printed.get("stderr", b""))
    tokens = engine.poll(_poll_number(engine, "quiet"), _poll_number(engine, "async"), **late)
    tokens += [engine.begin(engine.task("work", task, '{"way":"sleep"}', **late)) for task in ("do", "async")]

    assert [engine.answer(token)["kind"] for token in tokens] == ["notStarted"] * 4
    assert engine.printed.get("stderr", b"")[before:] == b""


def test_a_call_before_its_start_limit_runs(engine):
    (token,) = engine.poll(_poll_number(engine, "quiet"), start_before=_now_ms() + 60_000)

    assert engine.answer(token)["kind"] == "skipped"


def test_a_task_delayed_past_its_start_limit_does_not_start(own_engine, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    blocking = _do(own_engine, "gil", pipe=str(pipe))
    with open(pipe, "wb", buffering=0) as end:
        _wait_until_runs(own_engine, blocking)
        late = own_engine.begin(own_engine.task("work", "do", '{"way":"sleep"}', start_before=_now_ms() + 100))
        time.sleep(0.2)
        end.write(b"x")
        kinds = {token: own_engine.answer(token)["kind"] for token in (blocking, late)}

    assert kinds == {late: "notStarted", blocking: "completed"}


@pytest.mark.parametrize("way", ["sleep", "recv", "lock", "event", "spin", "regex", "finally", "subprocess"])
def test_a_single_call_is_stopped_in_any_kind_of_wait_or_computation(engine, way):
    token = _do(engine, way)
    _wait_until_runs(engine, token)
    engine.stop(token, DEADLINE)
    # A running regular expression blocks the thread that receives the stop.
    outcome = (
        _answer_after(engine, token, lambda: engine.process.send_signal(engine.hello["stopSignal"]))
        if way == "regex"
        else engine.answer(token)
    )

    assert outcome["kind"] == "timedOut"
    assert outcome["error"]["type"] == "DeadlineExceeded"
    assert outcome["error"]["message"] == f"DeadlineExceeded: {DEADLINE}"
    assert str(SCRIPT) in outcome["error"]["traceback"]
    assert "_cpython" not in outcome["error"]["traceback"]


@pytest.mark.parametrize("way", ["sleep", "spin", "engine", "finally", "event", "queue", "future"])
def test_overlapping_calls_are_stopped_on_their_threads(engine, way):
    tokens = [_do(engine, "sleep"), _do(engine, way)]
    _wait_until_runs(engine, *tokens)
    for token in tokens:
        engine.stop(token, DEADLINE)

    outcomes = [engine.answer(token) for token in tokens]

    assert [outcome["error"]["message"] for outcome in outcomes] == [f"DeadlineExceeded: {DEADLINE}"] * 2


def test_stopping_a_call_does_not_stop_later_calls(engine):
    for _ in range(20):
        tokens = [_do(engine, "sleep"), *(_do(engine, "sleep", s=0.02) for _ in range(3))]
        time.sleep(0.02)
        for token in tokens:
            engine.stop(token, DEADLINE)
        kinds = [engine.answer(token)["kind"] for token in tokens]

        assert kinds[0] == "timedOut"
        after = [_do(engine, "sleep", s=0) for _ in range(3)]
        assert [engine.answer(token)["kind"] for token in after] == ["completed"] * 3


def test_a_cancelled_call_runs_its_finally_block_and_fails(engine):
    token = _do(engine, "finally")
    _wait_until_runs(engine, token)
    engine.stop(token, "cancelled", is_cancelled=True)

    outcome = engine.answer(token)

    assert outcome["kind"] == "failed"
    assert outcome["error"]["message"] == "Cancelled: cancelled"
    assert "cleaned up" in "".join(engine.logs[token])


def test_a_late_signal_of_the_engine_does_not_disturb_the_cleanup_of_a_cancelled_call(engine):
    token = _do(engine, "slow finally")
    engine.wait_for_output(b"waits for a secret")
    engine.stop(token, "cancelled", is_cancelled=True)
    engine.wait_for_output(b"cleaning up slowly")
    # A busy engine sends the signal before it reads that the stop was acknowledged.
    os.kill(engine.hello["pid"], engine.hello["stopSignal"])

    assert engine.answer(token)["kind"] == "failed"
    assert "cleaned up" in "".join(engine.logs[token])


def test_a_call_stopped_before_it_begins_does_not_run(engine):
    token = next(engine._tokens)
    engine.stop(token, DEADLINE)
    engine.send({**engine.task("work", "do", '{"way":"sleep"}'), "token": token})

    assert engine.answer(token)["kind"] == "timedOut"


def test_a_call_that_ignores_its_stop_does_not_block_other_calls(own_engine):
    token = _do(own_engine, "deaf")
    _wait_until_runs(own_engine, token)
    own_engine.stop(token, DEADLINE)
    time.sleep(0.3)

    assert own_engine.is_alive()
    assert token not in own_engine.answers
    (other,) = own_engine.poll(1)
    assert own_engine.answer(other)["kind"] == "skipped"  # other calls are answered in the meantime


def test_a_stop_is_acknowledged_while_the_call_computes(engine):
    token = _do(engine, "spin")
    _wait_until_runs(engine, token)
    while not engine.said.empty():
        engine.said.get()
    engine.stop(token, DEADLINE)

    assert engine.said.get(timeout=LIMIT) == {"type": "acknowledged", "token": token}
    assert engine.answer(token)["kind"] == "timedOut"


def test_the_output_of_overlapping_tasks_is_logged_separately_for_each_task(engine):
    tokens = {
        name: engine.begin(engine.task("work", "speak", json.dumps({"name": name}))) for name in ("ann", "bob", "cid")
    }
    for token in tokens.values():
        assert engine.answer(token)["kind"] == "completed"

    for name, token in tokens.items():
        records = [json.loads(line) for piece in engine.logs[token] for line in piece.splitlines()]
        lines = [line for record in records for line in record["message"].split("\n")]
        wanted = [*(f"{name} {number}" for number in range(3)), f"logged by {name}"]
        assert lines == [*wanted, f"{name} in a pool", f"{name} in a thread"]


def test_long_output_is_cut_in_the_log_and_the_cut_records_are_counted(engine):
    token = engine.begin(engine.task("work", "print", '{"lines":20000}'))

    assert engine.answer(token)["kind"] == "completed"
    records, _, cut_records, _ = map(sum, zip(*engine.log_counts[token]))
    assert records + cut_records == 20_000
    assert cut_records > 10_000


@pytest.mark.proof
def test_a_secret_is_hidden_in_logs_and_errors(engine):
    token = engine.begin(engine.task("work", "secret"))

    error = engine.answer(token)["error"]

    assert error["message"] == "Python task execution failed: ValueError: ***"
    assert "correct horse" not in error["traceback"] + "".join(engine.logs[token])
    assert "it is ***" in "".join(engine.logs[token])


def test_an_async_task_does_not_delay_other_async_tasks_while_it_waits(engine):
    slow = _begin(engine, "async")
    _wait_until_runs(engine, slow)
    quick = _begin(engine, "async", s=0)

    assert engine.answer(quick)["kind"] == "completed"
    engine.stop(slow, DEADLINE)
    assert engine.answer(slow)["kind"] == "timedOut"


@pytest.mark.parametrize("values", [{}, {"blocks": True, "way": "sleep"}, {"blocks": True, "way": "spin"}])
def test_an_async_task_is_stopped_while_it_awaits_or_blocks(engine, values):
    token = _begin(engine, "async", **values)
    _wait_until_runs(engine, token)
    engine.stop(token, DEADLINE)

    outcome = _answer_after(engine, token, lambda: engine.control(3, token))

    assert outcome["kind"] == "timedOut"
    assert outcome["error"]["message"] == f"DeadlineExceeded: {DEADLINE}"
    again = engine.begin(engine.task("work", "async", '{"s":0}'))
    assert engine.answer(again)["kind"] == "completed"


def test_async_tasks_that_wait_for_the_engine_do_not_block_their_event_loop(engine):
    tokens = [engine.begin(engine.task("work", "async-ask", '{"name":"one"}')) for _ in range(20)]
    never = engine.begin(engine.task("work", "async", '{"s":0.2}'))

    answers = [json.loads(engine.answer(token)["contextText"]) for token in [*tokens, never]]

    assert [answer.get("field") for answer in answers[:-1]] == ["1"] * 20


def test_a_forked_child_has_no_engine_and_its_own_output(engine):
    token = engine.begin(engine.task("work", "fork"))

    assert json.loads(engine.answer(token)["contextText"])["code"] == 7
    engine.wait_for_output(b"the child's own")


def test_a_context_of_10_mb_is_returned_unchanged(engine):
    text = json.dumps({"way": "sleep", "s": 0, "much": "ä" * 5_000_000})
    token = engine.begin(engine.task("work", "do", text))

    outcome = engine.answer(token)

    assert json.loads(outcome["contextText"])["much"] == "ä" * 5_000_000


@pytest.mark.parametrize("way", ["sleep", "gil", "spin"])
def test_the_process_ends_with_its_engine_during_a_sleep_or_computation(own_engine, way):
    _wait_until_runs(own_engine, _do(own_engine, way))
    if way == "gil":
        pytest.importorskip("ctypes")
        own_engine.process.kill()  # the test process, its parent, stays alive, so the system does not end it

    assert own_engine.close() is not None


def test_an_invalid_frame_ends_the_process_with_a_message(own_engine):
    own_engine.send_raw(b"\xff\xff\xff\xff hello")

    assert "claims a length of" in own_engine.wait_for("fatal")["message"]
    assert own_engine.process.wait(LIMIT) == 70


def test_the_stacks_of_all_threads_are_dumped_while_c_code_holds_the_gil(own_engine):
    _wait_until_runs(own_engine, _do(own_engine, "gil"))
    own_engine.process.send_signal(own_engine.hello["stacksSignal"])

    stacks = b""
    while b"child.py" not in stacks:
        assert readable(own_engine.stacks, LIMIT)
        stacks += own_engine.stacks.recv(65_536)
    assert b"in _hold_gil" in stacks
