"""Functions and aggregates of a script that native SQLite calls while it runs a statement."""

from __future__ import annotations

import itertools
import json
import sqlite3
from typing import Any, Callable, Optional, Tuple

from ..._border.host import Sqlite
from ..._border.javascript import array_of, callback, destroy
from .. import unraisable
from . import errors
from .values import decode, encode_base

#: Whether errors of functions are printed: ``sqlite3.enable_callback_tracebacks``.
shows_failures = False
_enable = sqlite3.enable_callback_tracebacks
_states = itertools.count(1)


def enable_callback_tracebacks(enable: bool, /) -> None:
    """Enable or disable callback functions throwing errors to stderr."""
    global shows_failures
    shows_failures = bool(enable)
    _enable(enable)


def _failed(connection: Any, words: str, error: BaseException, function: Any) -> Any:
    _show(error, function)
    if isinstance(error, MemoryError):
        connection._function_failure = error
    elif isinstance(error, OverflowError):
        connection._function_failure = sqlite3.DataError("string or blob too big")
    return array_of(["e", words])


def _show(error: BaseException, function: Any) -> None:
    """Prints an error that is not raised, if the script asked for that."""
    if shows_failures:
        unraisable.report(error, f"Exception ignored on sqlite3 callback {function!r}")


def with_cause(error: Exception, cause: BaseException) -> Exception:
    """Returns the exception for a function's error that CPython distinguishes from the others."""
    return cause if isinstance(cause, Exception) else error


def _answer(value: Any) -> Tuple[str, Any]:
    return encode_base(value, "0")


def _register(connection: Any, kind: str, name: str, register: Callable[[int], Any], proxy: Any) -> None:
    answer = register(connection._number)
    if answer is not None:
        destroy(proxy)
        errors.fail(answer)
    before = connection._kept.pop((kind, name), None)
    if before is not None:
        destroy(before)
    connection._kept[(kind, name)] = proxy
    connection._registrations[(kind, name)] = register


def create_function(
    connection: Any, databases: Sqlite, name: str, count: int, function: Optional[Callable[..., Any]], is_pure: bool
) -> None:
    connection._check()
    connection._limits.check_function(count, "narg")

    def call(arguments: str) -> Any:
        if function is None:
            return array_of(["e", f"no such function: {name}"])
        try:
            return array_of(list(_answer(function(*map(decode, json.loads(arguments))))))
        except BaseException as error:
            return _failed(connection, "user-defined function raised exception", error, function)

    proxy = callback(call)

    def register(number: int) -> Any:
        return databases.create_function(number, name, count, is_pure, proxy)

    _register(connection, "function", f"{name}/{count}", register, proxy)


def create_aggregate(connection: Any, databases: Sqlite, name: str, count: int, kind: Any, is_window: bool) -> None:
    connection._check()
    connection._limits.check_function(count, "num_params" if is_window else "n_arg")
    states: dict[int, Any] = {}
    method = ""

    def run(step: str, state: int, arguments: str) -> Any:
        """Runs a step of an aggregate.

        A state starts with its first row, so an aggregate of no rows is NULL, as in CPython.
        """
        nonlocal method
        if step == "start":
            return "i", next(_states)
        if step == "result":
            instance = states.get(state) if is_window else states.pop(state, None)
            method = "value" if is_window else "finalize"
            return _answer(None if instance is None else getattr(instance, method)())
        if state not in states:
            method = "__init__"
            states[state] = kind()
        method = step
        getattr(states[state], step)(*map(decode, json.loads(arguments)))
        return "n", None

    def call(step: str, state: int, arguments: str) -> Any:
        if kind is None:
            return array_of(["e", f"no such function: {name}"])
        try:
            return array_of(list(run(step, state, arguments)))
        except BaseException as error:
            is_missing = isinstance(error, AttributeError) and not hasattr(kind, method)
            words = f"user-defined aggregate's '{method}' method {'not defined' if is_missing else 'raised error'}"
            return _failed(connection, words, error, getattr(kind, method, kind))

    proxy = callback(call)

    def register(number: int) -> Any:
        return databases.create_aggregate(number, name, count, is_window, proxy)

    _register(connection, "aggregate", f"{name}/{count}", register, proxy)


def call_trace(trace: Callable[[str], Any], sql: str) -> None:
    """Calls a trace callback with a statement. Errors of the callback are not raised."""
    try:
        trace(sql)
    except Exception as error:
        _show(error, trace)
