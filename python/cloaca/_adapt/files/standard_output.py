"""``sys.stdout`` and ``sys.stderr``: output is written at the same times and in the same order as under python.

Pyodide's streams (seen in 314.0.7) buffer bytes, and such a buffer checks for signals in the middle of its work, when
neither a handler nor another stack may use it. The text is therefore written to the descriptors without a byte buffer.
The text layer also has a buffer, which it empties before it calls other code. A program that prints into a file or pipe
uses this buffer, with the size that it has under python. ``os._exit`` and fatal signals flush it, while under python
they lose its content. On a terminal, on stderr and in served scripts, text is written in whole lines, so the output of
a service appears immediately, and survives an interpreter that has to be killed. Can be deleted when C knows the
identities of the interpreter's threads.

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
    writer: io.BufferedWriter = io.BufferedWriter(raw)
    # Instances accept other methods, which the stubs do not express.
    writer.write = raw.write  # type: ignore[method-assign]
    writer.flush = raw.flush  # type: ignore[method-assign]
    return writer


def _expect_calls() -> None:
    """Flushes the output of a stack, from now on, before another stack prints.

    So the engine knows which stack printed each text.
    """
    bridge.expect_calls = lambda: None
    flushes = [stream.flush for stream in _streams]

    def write_out() -> None:
        for flush in flushes:
            try:
                flush()
            except OSError as error:
                bridge.unwritten = error  # reported at exit, as python does if it cannot flush its output
            except ValueError:
                pass  # the script has closed it

    stacks.write_out = write_out
    bridge.write_c_output = host.output.write_c_output
    write_out()  # the output so far belongs to no stack


def _write_out() -> None:
    host.output.hurry_output()
    for stream in (sys.stdout, sys.__stdout__, sys.stderr):
        # The stream is closed, or its reader has gone, so the error cannot be reported.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()  # type: ignore[union-attr]
