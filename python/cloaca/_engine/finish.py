"""What python does at its end: waits for threads, calls exit functions, writes out files, drops the script's names.

``program`` calls `wind_up` when a script has ended, ``entry`` both before the engine ends the interpreter.
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

#: python's own code for a standard stream that cannot be written to.
_UNWRITABLE = 120


def _end_nothing() -> None:
    pass


#: Ends the event loops of scripts, and waits for that for a while: whoever has them connects.
end_loops: Callable[[], None] = _end_nothing


def wind_up() -> int:
    """Waits for threads, calls exit functions; returns 0, or the exit code when a standard stream cannot be written.

    Does it once: other stacks go on until `end_interpreter`. A Ctrl-C ends the step that it meets, and no other.
    """
    code = 0
    while _steps_left:
        try:
            while _steps_left:
                code = _steps_left.pop(0)() or code
        except KeyboardInterrupt:
            continue  # what it met of the script's has said so; the rest is cloaca's own, where python hears of none
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
    """Writes out files that nobody closed, and drops the script's names. No other stack goes on."""
    bridge.stop_others()
    sys.settrace(None)
    sys.setprofile(None)
    _write_out_files()
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__  # the script's own may be of its names
    _drop_main()
    _flush_standard_streams()


def _write_out_files() -> None:
    """Files that nobody closed: under python, what was written to them gets there when they are deallocated."""
    standard = {sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__}
    for each in gc.get_objects():
        if issubclass(type(each), (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)) and each not in standard:
            # It is closed, or its disk is full: python says nothing either.
            with contextlib.suppress(OSError, ValueError):
                each.flush()


class _Mark:
    """Lives as long as a namespace that it is put into."""


def _drop_main() -> None:
    """Calls the finalizers of the script's objects: of all that is reachable from its global names only."""
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
    # Something outside holds a function of the script's, and with it the names: they are cleared one by one.
    for namespace in gc.get_referrers(alive()):
        if type(namespace) is dict and namespace.get("__mark__") is alive():
            _clear(namespace)
    gc.collect()


def _clear(namespace: Any) -> None:
    """Sets the names to None in python's order: those with an underscore first, the builtins never."""
    for name in [name for name in namespace if name.startswith("_") and not name.startswith("__")]:
        namespace[name] = None
    for name in [name for name in namespace if not name.startswith("_") or name.startswith("__")]:
        if name != "__builtins__":
            namespace[name] = None


def _flush_standard_streams() -> int:
    code = 0 if bridge.unwritten is None else _UNWRITABLE
    for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
        stream = getattr(sys, name, None)
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except BaseException as error:
            code = _UNWRITABLE
            if not name.endswith(("stderr", "stderr__")):
                print(f"Exception ignored while flushing sys.{name}:", file=sys.stderr)
                traceback.print_exception(type(error), error, None)
    return code


#: What `wind_up` has not done yet; each step returns an exit code, or nothing.
_steps_left: List[Callable[[], Optional[int]]] = [
    *(_end_threads, _call_exit_functions),
    *(lambda: end_loops(), _flush_standard_streams),
]
