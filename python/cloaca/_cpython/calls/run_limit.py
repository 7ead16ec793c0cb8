"""Ends attempts with limits when their time has passed, because other engines may then take their slots.

The engine moves the time by control records as long as it has its lease. A thread of Python stops the attempts at the
time. A thread of the addon (``src/native/run_limit.cc``) ends the process 200 ms later, even while C code blocks
Python.

Tried with CPython 3.11 on Linux, with C code that holds the global lock for 3 s (``ctypes.PyDLL(None).sleep``):

- A thread of Python with a timer of 1 s runs only after the 3 s.
- ``faulthandler.dump_traceback_later(1, exit=True)`` ends the process after 1 s, because its thread is one of C. But
  only Python can move its time. It would also end a process whose engine is alive, in a C call longer than the lease.
- ``signal.setitimer`` without a handler ends the process, too, with the same fault.
- The addon can be loaded by ``ctypes``, although the functions of Node are missing, because they are linked when they
  are first called. Its thread needs no lock of Python, and finds later times in records that Python has not read yet.

Without the addon or ``ctypes``, ``faulthandler`` is used. A C call that holds the lock for longer than the lease then
ends the process.
"""

from __future__ import annotations

import _thread
import faulthandler
import math
import os
import signal
from os import _exit  # scripts are given another one
from typing import Callable, List, Optional, Set, Tuple

from ..._border.start_limit import clock
from ..channel import helpers, lines

#: Time for cleaning up. The engine and the addon have the same.
_END_AFTER_S = 0.2
#: Interval at which attempts are stopped that begin after the time.
_STOP_EVERY_S = 0.02
#: EX_TEMPFAIL
_EXIT_WITHOUT_LEASE = 75
_MS_IN_S = 1_000
_RANGE = 1 << 32


class RunLimit:
    """Time of one process. ``stop`` stops an attempt."""

    def __init__(self, stop: Callable[[int], None], to_engine: lines.Lines, addon_path: Optional[str]) -> None:
        self._stop = stop
        self._lines = to_engine
        self._addon_path = addon_path
        self._open: Set[int] = set()
        self._stopped: Set[int] = set()
        self._until = math.inf
        self._end: Optional[Callable[[bool, int], None]] = None
        self._setting = _thread.allocate_lock()
        self._changed = _thread.allocate_lock()
        self._changed.acquire()

    def begin(self, token: int) -> None:
        """Notes an attempt with limits, before it begins.

        The record with its time has arrived, but perhaps was not read yet, and the attempt can block all threads.
        """
        self._open.add(token)
        with self._setting:
            records = self._unread()
            if records:
                self._set(*records[-1])

    def ended(self, token: int) -> None:
        """Notes the end of any call."""
        if self._open:
            self._open.discard(token)
            self._stopped.discard(token)

    def controlled(self, operation: int, argument: int) -> None:
        """Handles a control record of the engine that sets or removes the time."""
        with self._setting:
            self._set(operation, argument)

    def _set(self, operation: int, argument: int) -> None:
        is_limited = operation == lines.RUN_UNTIL
        if self._end is None:
            self._end = _native_end(self._addon_path, self._lines.control) or _faulthandler_end()
            helpers.start(self._watch)
        self._until = _in_seconds(argument) if is_limited else math.inf
        self._end(is_limited, argument)
        try:
            self._changed.release()
        except RuntimeError:
            return  # the thread has not noticed the previous change yet

    def _unread(self) -> List[Tuple[int, int]]:
        """Returns the records with times that were not handled yet, and perhaps the last one that was."""
        return [each for each in self._lines.unread_records() if each[0] in (lines.RUN_UNTIL, lines.RUN_FREELY)]

    def _watch(self) -> None:
        while True:
            until = self._until
            left = until - clock.now()
            if left > 0:
                self._changed.acquire(True, min(left, 60.0))
                continue
            if self._is_moved():
                self._changed.acquire(True, _STOP_EVERY_S)
                continue
            if self._until != until:
                continue  # a record was handled after the time was read
            for token in [each for each in list(self._open) if each not in self._stopped]:
                self._stopped.add(token)
                self._stop(token)
            if left <= -_END_AFTER_S:
                _end_process()
            self._changed.acquire(True, min(_STOP_EVERY_S, left + _END_AFTER_S))


    def _is_moved(self) -> bool:
        """Returns whether the engine has moved the time, but C code has kept Python from reading the record."""
        records = self._unread()
        if not records:
            return False
        operation, argument = records[-1]
        return operation == lines.RUN_FREELY or _in_seconds(argument) > clock.now()


def _in_seconds(argument: int) -> float:
    """Returns the time on `clock` that is nearest to now and has this remainder, in milliseconds, modulo 2^32."""
    now = clock.now()
    left = (argument - int(now * _MS_IN_S)) % _RANGE
    return now + (left - _RANGE if left >= _RANGE // 2 else left) / _MS_IN_S


def _end_process() -> None:
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # also kills the programs that scripts have started, as the engine does
    _exit(_EXIT_WITHOUT_LEASE)


def _native_end(addon_path: Optional[str], control: int) -> Optional[Callable[[bool, int], None]]:
    """Starts the thread of the addon. Returns the function that sets its time, or None if it cannot be used."""
    if addon_path is None:
        return None
    try:
        import ctypes

        addon = ctypes.CDLL(addon_path, mode=os.RTLD_LAZY | os.RTLD_LOCAL)
        start, change = addon.cloaca_start_run_limit, addon.cloaca_set_run_limit
    except (ImportError, OSError, AttributeError):
        return None
    start.argtypes, change.argtypes, change.restype = (ctypes.c_int,), (ctypes.c_int, ctypes.c_uint32), None
    if start(control) != 0:
        return None
    return lambda is_limited, argument: change(int(is_limited), argument)


def _faulthandler_end() -> Callable[[bool, int], None]:
    nowhere = open(os.devnull, "w")  # noqa: SIM115 - faulthandler needs it until the process ends

    def change(is_limited: bool, argument: int) -> None:
        if is_limited:
            left = _in_seconds(argument) - clock.now() + _END_AFTER_S
            faulthandler.dump_traceback_later(max(left, 0.001), exit=True, file=nowhere)
        else:
            faulthandler.cancel_dump_traceback_later()

    return change
