"""``sys.stdout`` and ``sys.stderr``: when what is printed goes out, and in which order, is as under python.

Pyodide's streams (seen in 314.0.7) buffer bytes, and such a buffer looks for signals in the middle of its work, where
neither a handler nor another stack may use it. So the texts go to the descriptors without one. The text layer has a
buffer, too, which it empties before it calls anybody: a program that prints into a file or pipe uses that, as large as
python's; it is emptied by ``os._exit`` and a deadly signal, too, which under python lose what is in it. On a terminal,
on stderr and in what is served, texts go out in whole lines: a service's output appears when it is printed, and is not
lost with an interpreter that has to be ended. Can go when the interpreter's threads have identities that C knows.

Proved by ``test/cli/output.test.ts``.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import Any, Dict, List

from ..._border import bridge, host, stacks
from .. import interrupts

_streams: List[io.TextIOWrapper] = []


def install(settings: Dict[str, Any]) -> None:
    heeded = settings["python"]["environ"]
    interrupts.abandon_output = host.output.abandon_output
    bridge.last_words = _write_out
    has_whole_lines = not host.output.is_program or os.isatty(1)
    is_unbuffered = bool(heeded.get("PYTHONUNBUFFERED"))
    encoding, _, errors = heeded.get("PYTHONIOENCODING", "").partition(":")
    for name, descriptor, usual_errors in (("stdout", 1, "strict"), ("stderr", 2, "backslashreplace")):
        raw = io.FileIO(descriptor, "wb", closefd=False)
        raw.name = f"<{name}>"
        stream = io.TextIOWrapper(
            raw if is_unbuffered else _passing_on(raw),
            encoding or "utf-8",
            (name == "stdout" and errors) or usual_errors,
            line_buffering=name == "stderr" or has_whole_lines,
            write_through=is_unbuffered,
        )
        stream.mode = "w"  # type: ignore[misc]
        _streams.append(stream)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)

    bridge.expect_calls = _expect_calls


def _passing_on(raw: io.FileIO) -> io.BufferedWriter:
    """Returns a writer, as ``sys.stdout.buffer`` is under python, that passes all bytes to its raw file immediately.

    The text layer checks faster whether a ``BufferedWriter`` is closed than whether a raw file is: a million printed
    lines take 0.2 to 0.3 s less (Pyodide 314.0.7).
    """
    writer = io.BufferedWriter(raw)
    writer.write = raw.write  # type: ignore[method-assign]
    writer.flush = raw.flush  # type: ignore[method-assign]
    return writer


def _expect_calls() -> None:
    """From now on what a stack has printed is handed on before another one prints: so it is known whose it is."""
    bridge.expect_calls = lambda: None
    flushes = [stream.flush for stream in _streams]

    def write_out() -> None:
        for flush in flushes:
            try:
                flush()
            except OSError as error:
                bridge.unwritten = error  # said at the end, as python does where its last words cannot be written
            except ValueError:
                pass  # the script has closed it

    stacks.write_out = write_out
    write_out()  # what was printed so far is nobody's


def _write_out() -> None:
    host.output.hurry_output()
    for stream in (sys.stdout, sys.__stdout__, sys.stderr):
        # It is closed, or its reader is gone: nobody is left to report it to.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()  # type: ignore[union-attr]
