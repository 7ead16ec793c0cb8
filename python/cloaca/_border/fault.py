"""Exceptions of users' code as data: type name, message, traceback.

A traceback begins in the user's code: the frames of this package, and of what imports modules and drives coroutines for
it, are left out at its top.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import traceback
from types import TracebackType
from typing import Optional, Tuple

from .. import _package
from .stops import is_stop

#: In the name of each file that stops calls in a CPython.
_STOPS = os.path.join("", "cloaca", "_cpython", "calls", "")
#: Where the frames of what drives coroutines come from.
_ASYNCIO = os.path.dirname(os.path.abspath(asyncio.__file__)) + os.sep

#: Maximum number of bytes (UTF-8) of a message and of a traceback. The engine stores the same maximum.
_MOST_MESSAGE_BYTES = 16 * 1024
_MOST_TRACEBACK_BYTES = 47 * 1024
#: Number of bytes reserved for the note that says how much was cut.
_NOTE_BYTES = 64


def bounded(message: str, traceback: str) -> Tuple[str, str]:
    """Cuts a message, and the middle of a traceback: frames are at its beginning, and a long message at its end.

    The twin of ``src/model/fault.ts``. Secrets are to be hidden before: half of one would not be found.
    """
    return _cut(message, _MOST_MESSAGE_BYTES, 0), _cut(traceback, _MOST_TRACEBACK_BYTES, 0.75)


def _cut(text: str, most: int, tail_part: float) -> str:
    if len(text) * 4 <= most:
        return text
    data = text.encode("utf-8", "surrogatepass")
    if len(data) <= most:
        return text
    kept = most - _NOTE_BYTES
    tail_bytes = int(kept * tail_part)
    head = data[: kept - tail_bytes].decode("utf-8", "ignore")
    tail = data[len(data) - tail_bytes :].decode("utf-8", "ignore") if tail_bytes else ""
    note = f"… {len(text) - len(head) - len(tail)} characters were cut …"
    return f"{head}\n{note}\n{tail}" if tail_bytes else f"{head} {note}"


def type_and_text(error: BaseException) -> Tuple[str, str]:
    """The name of an exception's class, and ``<class>: <message>``."""
    name = type(error).__name__
    try:
        return name, f"{name}: {error}"
    except BaseException as raised:
        if is_stop(raised):
            raise
        return name, f"{name}: <exception str() failed>"


def traceback_text(error: BaseException) -> str:
    """The traceback as python prints it, with causes and notes, from the first frame of the user on."""
    trace = user_frames(error.__traceback__) or error.__traceback__
    if not _is_stopped(error):
        return "".join(traceback.format_exception(type(error), error, trace))
    shown: Optional[traceback.TracebackException] = traceback.TracebackException(type(error), error, trace)
    assert shown is not None
    text = shown
    while shown is not None:
        while len(shown.stack) > 1 and _STOPS in shown.stack[-1].filename:
            shown.stack.pop()
        shown = shown.__cause__ or shown.__context__
    return "".join(text.format())


def _is_stopped(error: BaseException) -> bool:
    """Whether it was raised by what stops calls in a CPython, which is below the line that it came to."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and _STOPS in trace.tb_frame.f_code.co_filename


def that_was_there(error: BaseException) -> BaseException:
    """The exception that came while the user's code ran: what stops a call may come again when that has been left."""
    before = error.__context__
    if before is None or type(before) is not type(error) or user_frames(error.__traceback__) is not None:
        return error
    return that_was_there(before)


def user_frames(trace: Optional[TracebackType]) -> Optional[TracebackType]:
    """The traceback without our frames at its top; None when all are ours, as for a file whose syntax is wrong."""
    while trace is not None and is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def is_ours(filename: str) -> bool:
    """Whether a file is between the engine and the user's code."""
    if filename.startswith(("<frozen importlib", "<frozen runpy")) or filename == importlib.__file__:
        return True
    path = os.path.abspath(filename)
    return _package.has_file(path) or path.startswith(_ASYNCIO) or f"{os.sep}pyodide{os.sep}" in filename
