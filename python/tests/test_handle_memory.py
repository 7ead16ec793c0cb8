"""`TaskHandle`: stored results, keys and child executions. The test replaces the engine at the bridge."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from limits import LIMIT
from outcomes import outcome_of

import cloaca
from cloaca._border import bridge
from cloaca._engine import attempt as _attempt


@pytest.fixture
def memory(monkeypatch):
    """Replaces the engine by one that stores results in memory, and records its requests."""
    calls, results = [], {}

    def ask(method, payload, text, origin):
        calls.append((method, *payload.values(), origin))
        if method == "once.keep":
            return None, results.setdefault(payload["name"], text)
        if method == "once.find":
            return payload["name"] in results, results.get(payload["name"], "")
        return ("key of " + payload["name"], "") if method == "once.key" else (None, "")

    monkeypatch.setattr(bridge, "call_with_context", ask)
    return calls


def attempt(name, body):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="step", retry_attempts=1)(body)
    return outcome_of(_attempt.run(name, "step", "{}", 7))


def test_once_stores_the_result_of_the_first_call_and_calls_the_function_no_more(name, memory):
    made = []

    def body(ctx, handle):
        ctx["results"] = [handle.once("charge", lambda: made.append(1) or (1, 2.0, None)) for _ in range(2)]
        ctx["key"] = handle.key("charge")
        return ctx

    assert attempt(name, body)[:2] == ("completed", '{"results":[[1,2.0,null],[1,2.0,null]],"key":"key of charge"}')
    assert made == [1]
    assert memory == [
        ("once.find", "charge", 7),
        ("once.keep", "charge", 7),
        ("once.find", "charge", 7),
        ("once.key", "charge", 7),
    ]


def test_once_does_not_store_an_exception(name, memory):
    def body(ctx, handle):
        with pytest.raises(ZeroDivisionError):
            handle.once("charge", lambda: 1 // 0)
        ctx["result"] = handle.once("charge", lambda: 1)
        return ctx

    assert attempt(name, body)[:2] == ("completed", '{"result":1}')


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (object(), "unsupported type object"),
        (b"x", "unsupported type bytes"),
        ({1: 2}, "keys must be str, not int"),
        ("\ud800", "surrogates not allowed"),
        (2**70, "int is out of range"),
        ("x" * (1024 * 1024 - 1), "it has 1048577 bytes of JSON, but at most 1048576 are stored"),
    ],
)
def test_once_rejects_a_result_that_is_not_json_or_too_large_after_the_call(name, memory, value, reason):
    def body(ctx, handle):
        handle.once("charge", lambda: value)

    kind, _, _, message, _ = attempt(name, body)
    assert kind == "failed"
    assert "TypeError: the function of once('charge') has run, but its result cannot be stored: " in message
    assert reason in message
    assert memory == [("once.find", "charge", 7)]


def test_once_stores_a_result_of_1_mib(name, memory):
    def body(ctx, handle):
        ctx["length"] = len(handle.once("charge", lambda: "x" * (1024 * 1024 - 2)))
        return ctx

    assert attempt(name, body)[:2] == ("completed", '{"length":1048574}')


def test_a_task_that_ends_with_the_parked_exception_is_parked(name, memory):
    cleaned = []

    def body(ctx, handle):
        try:
            handle.run("billing", ctx, key="bill")
        except Exception:
            cleaned.append("caught")
        finally:
            cleaned.append("cleaned")

    assert attempt(name, body)[0:3:2] == ("parked", "Parked")
    assert cleaned == ["cleaned"]
    assert memory == [("child.run", "billing", "bill", 7)]


def test_a_task_whose_threads_wait_for_two_children_is_parked_once(name, memory, monkeypatch):
    both_wait, first_has_raised = threading.Barrier(2), threading.Event()

    def park(_method, payload, _text, _origin):
        both_wait.wait(LIMIT)
        if payload["key"] == "second":
            first_has_raised.wait(LIMIT)
        return None, ""

    def wait_for(handle, key):
        try:
            handle.run("billing", cloaca.Context(), key=key)
        finally:
            first_has_raised.set()

    def body(ctx, handle):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda key: wait_for(handle, key), ("first", "second")))

    monkeypatch.setattr(bridge, "call_with_context", park)

    assert attempt(name, body)[0:3:2] == ("parked", "Parked")


def test_a_parked_task_calls_no_callback(name, memory):
    called = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(
            id="step", on_failure=lambda *_: called.append("failed"), on_success=lambda *_: called.append("ok")
        )
        def step(ctx, handle):
            handle.run("billing", ctx, key="bill")

    assert outcome_of(_attempt.run(name, "step", "{}", 7))[0] == "parked"
    assert called == []


@pytest.mark.parametrize("is_raising", [False, True])
def test_a_task_that_catches_the_parked_exception_fails(name, memory, is_raising):
    def body(ctx, handle):
        try:
            handle.run("billing", ctx, key="bill")
        except BaseException:
            if is_raising:
                raise ValueError("other") from None
        return ctx

    kind, _, type_name, message, _ = attempt(name, body)
    assert (kind, type_name) == ("failed", "ValueError" if is_raising else "RuntimeError")
    assert ("other" if is_raising else "caught the Parked exception") in message


@pytest.mark.parametrize(
    "call",
    [
        lambda handle: handle.once("", lambda: 1),
        lambda handle: handle.once("x" * 513, lambda: 1),
        lambda handle: handle.key("a\0"),
        lambda handle: handle.run("billing", cloaca.Context(), key=""),
    ],
)
def test_names_and_keys_have_1_to_512_bytes(name, memory, call):
    def body(ctx, handle):
        with pytest.raises(ValueError):
            call(handle)

    assert attempt(name, body)[0] == "completed"
    assert memory == []


def test_stored_results_and_children_are_not_available_after_the_body(name, memory):
    kept = []
    attempt(name, lambda ctx, handle: kept.append(handle))

    for call in (
        lambda: kept[0].once("charge", lambda: 1),
        lambda: kept[0].key("charge"),
        lambda: kept[0].run("billing", cloaca.Context(), key="bill"),
    ):
        with pytest.raises(ValueError, match="already been consumed"):
            call()


@pytest.mark.proof
def test_calls_of_once_with_one_name_in_8_threads_call_the_function_once(name, memory):
    made = []

    def charge():
        time.sleep(0.01)
        made.append(1)
        return len(made)

    def body(ctx, handle):
        with ThreadPoolExecutor(8) as pool:
            ctx["results"] = list(pool.map(lambda _: handle.once("charge", charge), range(8)))
        return ctx

    assert attempt(name, body)[:2] == ("completed", '{"results":[1,1,1,1,1,1,1,1]}')
    assert made == [1]


def test_simultaneous_calls_of_once_with_one_name_in_an_async_function_call_the_function_once(name, memory):
    made = []

    async def charge():
        await asyncio.sleep(0)
        made.append(1)
        return len(made)

    async def body(ctx, handle):
        ctx["results"] = await asyncio.gather(*(handle.once("charge", charge) for _ in range(8)))
        return ctx

    assert attempt(name, body)[:2] == ("completed", '{"results":[1,1,1,1,1,1,1,1]}')
    assert made == [1]


def test_the_next_call_of_once_with_the_name_runs_after_one_that_raised(name, memory):
    made = []

    def charge():
        made.append(1)
        time.sleep(0.01)
        if len(made) == 1:
            raise ValueError("first")
        return len(made)

    def body(ctx, handle):
        with ThreadPoolExecutor(2) as pool:
            calls = [pool.submit(handle.once, "charge", charge) for _ in range(2)]
        ctx["errors"] = sorted(str(call.exception()) for call in calls)
        return ctx

    assert attempt(name, body)[:2] == ("completed", '{"errors":["None","first"]}')


def test_the_function_of_once_can_call_once(name, memory):
    def body(ctx, handle):
        ctx["result"] = handle.once("outer", lambda: [handle.once("inner", lambda: 1), handle.once("outer", lambda: 2)])
        return ctx

    assert attempt(name, body)[:2] == ("completed", '{"result":2}')
