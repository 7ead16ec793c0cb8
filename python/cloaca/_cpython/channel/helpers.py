"""Threads of the engine itself in a process of CPython. Scripts do not see them in ``threading``."""

from __future__ import annotations

import _thread
import sys
import traceback
from os import _exit  # scripts are given another one
from typing import Any, Callable

#: EX_SOFTWARE
_EXIT_FATAL = 70


def _end_process() -> None:
    _exit(_EXIT_FATAL)


#: Called when one of the threads has failed, because no other code would notice.
failed: Callable[[], None] = _end_process


def start(function: Callable[..., Any], *arguments: Any) -> None:
    """Starts a thread that calls a function. The thread runs as long as the process, or until it raises SystemExit."""
    _thread.start_new_thread(_run, (function, arguments))


def _run(function: Callable[..., Any], arguments: Any) -> None:
    try:
        function(*arguments)
    except SystemExit:
        return
    except BaseException as error:
        stderr = sys.__stderr__
        if stderr is not None:
            traceback.print_exception(type(error), error, error.__traceback__, file=stderr)
        failed()
