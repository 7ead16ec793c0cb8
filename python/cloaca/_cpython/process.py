"""Process of CPython from its first message to its end. ``child`` calls it on the main thread."""

from __future__ import annotations

import faulthandler
import os
import platform
import signal
import sys
import threading
from os import _exit  # scripts are given another one
from typing import Any, Dict, Optional

from .calls import limits
from .channel import lines
from .channel.build import package_digest
from .session import Session

#: EX_SOFTWARE
_EXIT_FATAL = 70


def run() -> None:
    """Runs the process. Never returns."""
    ready = threading.Event()
    session: Optional[Session] = None
    start: Dict[str, Any] = {}
    started = threading.Event()

    def ended(reason: str) -> None:
        if reason and "listen" not in reason:
            _fatal(to_engine, reason)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)  # also kills the programs that scripts have started, as the engine does
        _exit(0)

    def received(message: Dict[str, Any]) -> None:
        if started.is_set():
            ready.wait()
            assert session is not None
            try:
                session.receive(message)
            except BaseException as error:
                _fatal(to_engine, f"{type(error).__name__}: {error}")
        elif message["type"] == "start":
            start.update(message["data"])
            started.set()
        else:
            _fatal(to_engine, f'received "{message["type"]}" before "start"')

    def controlled(operation: int, argument: int) -> None:
        if session is not None:
            session.controlled(operation, argument)

    to_engine = lines.Lines(lines.MESSAGES_IN, lines.MESSAGES_OUT, lines.CONTROL, ended)
    lines.end_with_engine(lines.STACKS_OUT)  # the engine sends nothing on this line
    to_engine.send(hello(package_digest(), _dump_stacks_to(lines.STACKS_OUT)))
    to_engine.listen(received, controlled)
    started.wait()
    sys.argv[:] = start["process"]["argv"]  # instead of the file that python was started with
    try:
        session = Session(to_engine, start)
    except BaseException as error:
        _fatal(to_engine, f"{type(error).__name__}: {error}")
        raise
    ready.set()
    session.serve()


def hello(digest: str, stacks_signal: Optional[int]) -> Dict[str, Any]:
    """Returns the first message."""
    return {
        "type": "hello",
        "protocolVersion": lines.PROTOCOL_VERSION,
        "digest": digest,
        "pid": os.getpid(),
        "python": platform.python_version(),
        "stacksSignal": stacks_signal,
        "stopSignal": limits.STOP_SIGNAL,
    }


def _dump_stacks_to(descriptor: int) -> Optional[int]:
    """Returns the signal that writes the stacks of all threads to the descriptor, even while C code blocks Python."""
    number = limits.STOP_SIGNAL + 1 if hasattr(signal, "SIGRTMIN") else int(signal.SIGUSR2)
    try:
        faulthandler.register(number, lines.moved(descriptor), all_threads=True)
    except (OSError, AttributeError):
        return None  # the descriptor was not passed, or the system has no such signals
    return number


def _fatal(to_engine: lines.Lines, reason: str) -> None:
    to_engine.send({"type": "fatal", "message": reason, "token": 0})
    _exit(_EXIT_FATAL)
