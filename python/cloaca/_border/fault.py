"""Exceptions of user code as data: type name, message, traceback.

A traceback begins in the user's code. Its first frames are left out if they belong to this package, to the import
system, or to the code that runs coroutines.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import traceback
from types import TracebackType
from typing import Callable, Optional, Tuple

from .. import _package
from .stops import is_stop

#: Part of the paths of the files that stop calls in CPython.
_STOPS = os.path.join("", "cloaca", "_cpython", "calls", "")
#: Folder of asyncio, whose frames run coroutines.
_ASYNCIO = os.path.dirname(os.path.abspath(asyncio.__file__)) + os.sep

#: Maximum number of bytes (UTF-8) of a message and of a traceback. The engine stores the same maximum.
_MAX_MESSAGE_BYTES = 16 * 1024
_MAX_TRACEBACK_BYTES = 47 * 1024
#: Number of bytes reserved for the note about removed characters.
_NOTE_BYTES = 64


def bounded(message: str, traceback: str) -> Tuple[str, str]:
    """Shortens the end of a message, and the middle of a traceback.

    The frames are at the beginning of a traceback, and a long message is at its end. The function is the twin of
    ``src/model/fault.ts``. Mask secrets before the call, because the mask would not find a part of a secret.
    """
    return _cut(message, _MAX_MESSAGE_BYTES, 0), _cut(traceback, _MAX_TRACEBACK_BYTES, 0.75)


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
    """Returns the name of an exception's class, and ``<class>: <message>``."""
    name = type(error).__name__
    try:
        return name, f"{name}: {error}"
    except BaseException as raised:
        if is_stop(raised):
            raise
        return name, f"{name}: <exception str() failed>"


def traceback_text(error: BaseException) -> str:
    """Returns the traceback as python prints it, with causes and notes, starting at the first user frame."""
    trace = user_frames(error.__traceback__) or error.__traceback__
    if not _is_stopped(error):
        return "".join(traceback.format_exception(type(error), error, trace))
    return _without_last_frames(error, trace, lambda filename: _STOPS in filename)


def traceback_of_declaration(error: BaseException) -> str:
    """Returns the traceback of an exception in the top-level code of a script, which ends in the user's code, too."""
    trace = user_frames(error.__traceback__)
    return _without_last_frames(error, trace, lambda filename: _package.has_file(os.path.abspath(filename)))


def _without_last_frames(
    error: BaseException, trace: Optional[TracebackType], is_left_out: Callable[[str], bool]
) -> str:
    shown: Optional[traceback.TracebackException] = traceback.TracebackException(type(error), error, trace)
    assert shown is not None
    text = shown
    while shown is not None:
        while len(shown.stack) > 1 and is_left_out(shown.stack[-1].filename):
            shown.stack.pop()
        shown = shown.__cause__ or shown.__context__
    return "".join(text.format())


def traceback_of_stop(error: BaseException) -> str:
    """Returns the traceback of a stop, or "" if it was raised before the user's code began."""
    return "" if user_frames(error.__traceback__) is None else traceback_text(error)


def _is_stopped(error: BaseException) -> bool:
    """Returns whether the code that stops calls in CPython raised the exception, below the line that it interrupted."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and _STOPS in trace.tb_frame.f_code.co_filename


def that_was_there(error: BaseException) -> BaseException:
    """Returns the exception raised in the user's code. The stop of a call can raise a second one afterwards."""
    before = error.__context__
    if before is None or type(before) is not type(error) or user_frames(error.__traceback__) is not None:
        return error
    return that_was_there(before)


def user_frames(trace: Optional[TracebackType]) -> Optional[TracebackType]:
    """Returns the traceback without the package's frames at its beginning, or None if all frames are the package's.

    All frames are the package's if, for example, the syntax of a file is wrong.
    """
    while trace is not None and is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def is_ours(filename: str) -> bool:
    """Returns whether a file is between the engine and the user's code."""
    if filename.startswith(("<frozen importlib", "<frozen runpy")) or filename == importlib.__file__:
        return True
    path = os.path.abspath(filename)
    return _package.has_file(path) or path.startswith(_ASYNCIO) or f"{os.sep}pyodide{os.sep}" in filename
