"""Work that python does at its end: waits for threads, calls exit functions, flushes files, deletes the script's names.

``program`` calls `wind_up` when a script has ended. ``entry`` calls both functions before the engine ends the
interpreter.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import sys
import threading
import traceback
import weakref
from typing import Any, Callable, List, Optional

from .._border import bridge

#: Exit code of python if a standard stream cannot be written.
_UNWRITABLE = 120


def _end_nothing() -> None:
    pass


#: Ends the event loops of scripts, and waits some time for their end. The module with the loops connects it.
end_loops: Callable[[], None] = _end_nothing


def wind_up() -> int:
    """Waits for threads and calls exit functions. Returns 0, or the exit code if a standard stream cannot be written.

    It works once. Other stacks continue until `end_interpreter`. Ctrl-C ends only the current step.
    """
    code = 0
    while _steps_left:
        try:
            while _steps_left:
                code = _steps_left.pop(0)() or code
        except KeyboardInterrupt:
            continue  # the interrupted code of the script has reported it; the rest is cloaca's own code
    return code


def _end_threads() -> None:
    try:
        threading._shutdown()  # type: ignore[attr-defined]
    except BaseException as error:
        print("Exception ignored on threading shutdown", file=sys.stderr)
        traceback.print_exception(type(error), error, error.__traceback__)


def _call_exit_functions() -> None:
    run_exit_functions = getattr(atexit, "_run_exitfuncs", None)
    if run_exit_functions is not None:
        run_exit_functions()


def end_interpreter() -> None:
    """Flushes files that are still open, and deletes the script's names. No other stack continues."""
    bridge.stop_others()
    sys.settrace(None)
    sys.setprofile(None)
    _write_out_files()
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__  # streams of the script can depend on its names
    _drop_main()
    _flush("__stdout__", "__stderr__")


def _write_out_files() -> None:
    """Flushes files that are still open. Under python, this happens when they are deallocated."""
    standard = {sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__}
    for each in gc.get_objects():
        if issubclass(type(each), (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)) and each not in standard:
            # The file is closed, or its disk is full. Python also ignores this.
            with contextlib.suppress(OSError, ValueError):
                each.flush()


class _Mark:
    """Object that lives as long as the namespace that contains it."""


def _drop_main() -> None:
    """Calls the finalizers of the objects that are reachable only from the script's global names."""
    main = sys.modules.pop("__main__", None)
    if main is None:
        return
    mark = _Mark()
    main.__dict__["__mark__"] = mark
    alive = weakref.ref(mark)
    del main, mark
    gc.collect()
    if alive() is None:
        return
    # An object outside refers to a function of the script, and so to the names. They are cleared one by one.
    for namespace in gc.get_referrers(alive()):
        if type(namespace) is dict and namespace.get("__mark__") is alive():
            _clear(namespace)
    gc.collect()


def _clear(namespace: Any) -> None:
    """Sets the names to None in python's order: first those with an underscore, and never the builtins."""
    for name in [name for name in namespace if name.startswith("_") and not name.startswith("__")]:
        namespace[name] = None
    for name in [name for name in namespace if not name.startswith("_") or name.startswith("__")]:
        if name != "__builtins__":
            namespace[name] = None


def _flush_standard_streams() -> int:
    """Flushes the streams of the script and of the process. Returns 0, or the exit code if one cannot be written."""
    code = _flush("stdout", "stderr", "__stdout__", "__stderr__")
    return code if bridge.unwritten is None else _UNWRITABLE


def _flush(*names: str) -> int:
    code = 0
    for name in names:
        stream = getattr(sys, name, None)
        try:
            # A stream that took over the buffer of the process's stream replaces it: python does not flush the old one.
            if stream is not None and not (_is_detached(stream) and name.startswith("__")) and not stream.closed:
                stream.flush()
        except BaseException as error:
            code = _UNWRITABLE
            if not name.endswith(("stderr", "stderr__")):
                print(f"Exception ignored while flushing sys.{name}:", file=sys.stderr)
                traceback.print_exception(type(error), error, None)
    return code


def _is_detached(stream: object) -> bool:
    try:
        return isinstance(stream, io.TextIOWrapper) and stream.buffer is None
    except ValueError:
        return True


#: Remaining steps of `wind_up`. Each returns an exit code, or None.
_steps_left: List[Callable[[], Optional[int]]] = [
    *(_end_threads, _call_exit_functions),
    *(lambda: end_loops(), _flush_standard_streams),
]
