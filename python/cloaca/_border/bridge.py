"""Calls of the engine: requests, waits, events, threads, declarations.

``_adapt`` receives the other parts of the host directly. In the engine, ``_engine.entry`` calls ``connect`` once with
the functions of the host. On plain CPython nothing is connected: the API for declarations works, and calls that need
the engine raise an error that says how to start it. Every wait of a script goes through ``_wait``, which suspends only
the calling stack, and which raises the error when a waiting stack is overdue.
"""

from __future__ import annotations

import builtins
import json
import sys
import time
from asyncio import _get_running_loop, _set_running_loop
from typing import Any, Callable, Dict, Optional, Tuple

from . import calls, host, stacks
from .stops import Cancelled, DeadlineExceeded
from .suspension import suspender

NO_ENGINE = (
    "This call needs the cloaca engine, which runs in Node. Run the file with `npx cloaca run SCRIPT.py`, "
    "or serve its triggers with `npx cloaca serve SCRIPT.py`."
)

#: Runs the handlers of signals that have arrived, if the main stack is running.
handle_signals: Callable[[], None] = lambda: None

#: Called by a waiting stack that is woken before its wait ends, with the time at which the wait began.
report_wait: Callable[[float], None] = lambda since: None

#: Called when a stack waits and when a call into Python ends.
collect_garbage: Callable[[], None] = lambda: None

#: Whether `collect_garbage` has work to do.
is_garbage_due: Callable[[], bool] = lambda: False

#: Called before the first poll or attempt.
expect_calls: Callable[[], None] = lambda: None

#: Writes out buffered output of C code as that of the running stack. Does nothing until there are polls and tasks.
write_c_output: Callable[[], None] = lambda: None

#: Error of output that could not be written at a time when the error could not be raised.
unwritten: Optional[OSError] = None

#: Maximum argument of ``time.sleep``, because a C clock has 64 bits of nanoseconds.
_LONGEST_SLEEP_S = 9e9

#: Number of times that a stack was suspended.
suspensions = 0

#: Waiting stacks by their thread identities.
suspended: Dict[int, stacks.Stack] = {}

#: The stack that ends the interpreter, or None. Then no other stack continues after a wait, like daemon threads.
last_stack: Optional[stacks.Stack] = None

#: The loop that Pyodide created for itself. It never runs code of a script.
loop_of_pyodide: Any = None

_suspend: Optional[Callable[[int], bytes]] = None
_can_suspend: Callable[[], bool] = lambda: False
_take_declarations: Callable[[], Any] = list
#: Whether there are declarations that may not have been sent yet.
has_declared = False
#: Whether this is a process of CPython.
_has_threads = False

#: Sends a request to the engine (entry, generation, method, JSON, text of a context) and waits for the answer (status,
#: JSON, text).
Ask = Callable[[int, int, str, str, str], Tuple[str, str, Any]]


def _ask_suspended(origin: int, generation: int, method: str, payload_json: str, text: str) -> Tuple[str, str, Any]:
    answer: Tuple[str, str, Any] = _wait(
        lambda token: host.engine.request(token, origin, generation, method, payload_json, text)
    )
    return answer


_ask: Ask = _ask_suspended


def connect(
    suspension_descriptor: int,
    can_suspend: Callable[[], bool],
    take_declarations: Callable[[], Any],
) -> None:
    """Connects this interpreter to the host. ``_engine.entry`` calls it once."""
    global _suspend, _can_suspend, _take_declarations
    _suspend = suspender(suspension_descriptor)
    _can_suspend = can_suspend
    _take_declarations = take_declarations


def connect_threads(ask: Ask, send: Callable[[], None]) -> None:
    """Connects a process of CPython, in which threads wait. ``host`` is already connected."""
    global _ask, _send_declarations, _has_threads
    _ask, _send_declarations, _has_threads = ask, send, True


def start_engine() -> None:
    """Starts an engine for this program, or raises RuntimeError. ``cloaca`` connects the function that starts it."""
    raise RuntimeError(NO_ENGINE)


def has_engine() -> bool:
    """Returns whether there is an engine: one that hosts this interpreter, or one that this program has started."""
    return host.is_connected


def can_wait() -> bool:
    """Returns whether the calling stack can be suspended, so that others run while it waits."""
    # Outside of stacks Pyodide reports that it can suspend, and then fails (seen in 314.0.7).
    return host.is_connected and stacks.running is not stacks.OUTSIDE and _can_suspend()


def call(method: str, payload: dict[str, object]) -> Any:
    """Sends a request to the engine and waits for the answer. Raises the built-in exception that the engine names."""
    return call_with_context(method, payload, "")[0]


def call_with_context(
    method: str, payload: dict[str, object], text: str, origin: Optional[int] = None
) -> Tuple[Any, str]:
    """Like `call`, but also sends the text of a context, and returns one.

    ``origin`` is the number of the entry that the request is about. Default: that of the running code.
    """
    if not host.is_connected:
        start_engine()
    send_declarations()
    caller = calls.current_token() if origin is None else origin
    generation, payload_json = stacks.current().generation.number, json.dumps(payload)
    status, answer, answer_text = meanwhile(lambda: _ask(caller, generation, method, payload_json, text))
    if status not in ("ok", "unchanged"):
        raise _as_exception(json.loads(answer))
    return json.loads(answer), text if status == "unchanged" else text_of(answer_text)


def text_of(text: Any) -> str:
    """Returns a text of the host as str. The host sends long texts as UTF-8 bytes, which is many times faster."""
    return text if isinstance(text, str) else text.to_bytes().decode()


def sleep_ms(delay_ms: float) -> None:
    """Suspends the calling stack for at least ``delay_ms`` milliseconds."""
    if not host.is_connected or _has_threads:
        time.sleep(min(delay_ms / 1000, _LONGEST_SLEEP_S))
    else:
        delay = float(delay_ms)  # an int of more than 53 bits would become a BigInt, which cannot be added
        _wait(lambda token: host.waits.sleep(token, delay))


def meanwhile(wait: Callable[[], Any]) -> Any:
    """Runs a wait of cloaca itself. A script's event loop continues during the wait if the caller runs in it."""
    loop = stacks.current().loop
    return wait() if loop is None or not loop.is_in_step else loop.run_meanwhile(wait)


def announce() -> None:
    """Notifies the host of a declaration, which is sent with the next request or answer, or soon."""
    global has_declared
    if host.is_connected:
        has_declared = True
        host.engine.announce()


def send_declarations() -> None:
    """Sends the declarations since the last call, so they arrive before the requests and answers that need them."""
    global has_declared
    has_declared = False
    _send_declarations()


def _send_at_once() -> None:
    for generation, declarations in _take_declarations():
        host.engine.declare(generation, json.dumps(declarations))


_send_declarations: Callable[[], None] = _send_at_once


def threads_run(is_any: bool) -> None:
    """Notifies the host whether there are threads that Python started, which need time slices."""
    host.threads.threads_run(is_any)


def wait_for_promise(promise: Any) -> Any:
    """Suspends the calling stack until a JavaScript promise settles. Returns its value or raises its reason."""
    status, value = _wait(lambda token: host.waits.wait_promise(token, promise))
    if status != "ok":
        raise value
    return value


def read_input(size: int) -> bytes:
    """Suspends the calling stack until there is standard input. Returns no bytes at the end of the input."""
    while True:
        status, value = _wait(lambda token: host.waits.wait_input(token, size))
        if status != "ok":
            raise OSError(str(value))
        found = host.waits.take_input(size)
        if found is not None:
            return bytes(found.to_bytes())


def new_event() -> int:
    """Creates an event, a number that a stack can wait for once. `set_event` or the end of the wait deletes it."""
    return int(host.waits.new_event())


def wait_event(event: int, timeout_ms: float = -1) -> bool:
    """Suspends the calling stack until the event is set. Returns False after ``timeout_ms`` (negative: no limit)."""
    try:
        limit = float(timeout_ms)
        return bool(_wait(lambda token: host.waits.wait_event(token, event, limit))[0] == "ok")
    except BaseException:
        host.waits.set_event(event)  # its wait was stopped or never began, and no other code knows the event
        raise


def set_event(event: int) -> None:
    """Wakes the stacks that wait for the event. It never waits itself."""
    global _woken_after
    _woken_after = suspensions
    host.waits.set_event(event)


def is_waited_for() -> bool:
    """Returns whether a woken stack could not continue yet, because this stack has not waited since."""
    return _woken_after == suspensions


def stop_others() -> None:
    """Prevents all other stacks from continuing."""
    global last_stack
    last_stack = stacks.running


def last_words() -> None:
    """Flushes printed output as far as possible without waiting. Connected by ``_adapt.files.standard_output``."""


def exit_now(status: int) -> None:
    """Exit the process with specified status, without normal exit processing."""
    if not host.is_connected:
        raise RuntimeError(NO_ENGINE)
    last_words()
    host.signals.exit(int(status) & 0xFF)  # never returns


def exit_by_signal(number: int) -> None:
    """Ends the process as if a signal had killed it."""
    last_words()
    host.signals.exit(-number)  # never returns


def start_thread(ident: int) -> None:
    """Asks the host to enter a separate stack for a thread: see ``_adapt.threads.threads.run_thread``."""
    if not host.is_connected:
        raise RuntimeError(NO_ENGINE)
    if not host.threads.start_thread(ident):
        raise RuntimeError("can't start new thread")


def _wait(suspension_for: Callable[[int], Any]) -> Any:
    if not can_wait():
        raise RuntimeError(
            "This call has to wait, but a callback from JavaScript cannot be suspended. "
            "Make the call from a task, a trigger, or the script itself."
        )
    stack = stacks.running
    token, loop = stack.token, stack.loop
    if loop is not None and loop.is_in_step:
        loop.will_wait()
    since = time.monotonic()
    answer = _answer(suspension_for, token)
    # A signal wakes the stack to run its handler here, as in python. Then the wait continues.
    while answer[0] == "signal":
        try:
            handle_signals()
            report_wait(since)
            if loop is not None and loop.is_in_step:
                loop.check_step(sys._getframe(), False)
        except BaseException:
            host.waits.abandon_wait(answer[1])
            raise
        answer = _answer(host.waits.wait_again, token, answer[1])
    if answer[0] == "overdue":
        stacks.running.stopped_at = time.monotonic()
        raise DeadlineExceeded(answer[1])
    if answer[0] == "cancelled":
        stacks.running.is_cancelled = True
        raise Cancelled(answer[1])
    if stack.exception is not None:
        raise stacks.take_exception()
    return answer


_YES = ("ok",)
#: Value of `suspensions` when an event was last set.
_woken_after = -1


def _answer(suspension_for: Callable[..., Any], *arguments: Any) -> Any:
    """Lets other stacks run until the host has an answer.

    Pyodide reads the event loop at each suspension and gives it to the next stack (seen in 314.0.7). It gets its own
    loop, and never that of a script.
    """
    assert _suspend is not None
    global suspensions
    suspensions += 1
    collect_garbage()
    stacks.write_out()
    write_c_output()
    me, loop = stacks.running, _get_running_loop()
    is_logged = stacks.running_call[stacks.IS_LOGGED]
    stacks.running = stacks.OUTSIDE
    stacks.running_token[0] = stacks.running_call[0] = stacks.running_call[1] = 0
    suspended[me.ident] = me
    _set_running_loop(loop_of_pyodide)
    try:
        suspension = suspension_for(*arguments)
        return suspension.answer if _suspend(1) else _YES
    finally:
        if last_stack is not None and me is not last_stack:
            stay()
        _set_running_loop(loop)
        suspended.pop(me.ident, None)
        stacks.running = me
        stacks.running_token[0] = me.token
        stacks.running_call[0] = me.call
        stacks.running_call[1] = is_logged


def rest(is_left: bool, has_skipped: bool) -> bool:
    """Suspends a worker until there is work. Returns False if enough workers rest, and this one has to end.

    Args:
        is_left: Whether there is already work for a worker.
        has_skipped: Whether the host has results of skipped polls to collect.
    """
    assert _suspend is not None
    global suspensions
    suspensions += 1
    _set_running_loop(loop_of_pyodide)
    if not host.waits.rest(is_left, has_skipped):
        return False
    _suspend(1)
    if last_stack is not None:
        stay()
    return True


def stay() -> None:
    """Suspends a stack forever."""
    assert _suspend is not None
    while True:
        host.waits.wait_event(0, host.waits.new_event())
        _suspend(1)


def _as_exception(error: dict[str, str]) -> Exception:
    kind = getattr(builtins, error["type"], RuntimeError)
    return kind(error["message"])
