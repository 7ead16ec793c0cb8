"""Runs a script as ``python script.py`` does: argv, ``__main__``, tracebacks, exit codes, exit functions.

``entry`` calls it. It does not depend on the engine.
"""

from __future__ import annotations

import os
import runpy
import sys
import traceback
import types
from typing import Any, Dict, Optional

from .._border import fault
from . import finish
from .packages import advice

_LIBRARY = os.path.dirname(os.__file__)

#: Exit by SIGINT, as python does.
INTERRUPTED = -2


def run(target: Dict[str, Any]) -> int:
    """Runs ``{"kind": "file" | "module" | "code" | "stdin", …, "argv": [...]}`` and returns the exit code."""
    sys.argv[:] = target["argv"]
    try:
        _execute(target)
        code = 0
    except SystemExit as stop:
        code = _exit_code(stop)
    except BaseException as error:
        code = _report(error)
    unwritable = finish.wind_up()
    return unwritable or code


def _execute(target: Dict[str, Any]) -> None:
    kind = target["kind"]
    if kind == "module":
        _search_first(os.getcwd())
        _run_as_main(target["name"], is_alone=True)
    elif kind == "file":
        _execute_path(target["path"])
    else:
        _search_first("")
        _execute_source(target["code"], *(("<string>", None) if kind == "code" else ("<stdin>", "<stdin>")))


def _search_first(folder: str) -> None:
    """Adds a folder at the start of the search path, unless python's options forbid that."""
    if not getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, folder)


def _execute_path(path: str) -> None:
    if os.path.isdir(path) or path.endswith((".zip", ".pyz")):
        sys.path.insert(0, os.path.abspath(path))
        _run_as_main("__main__", is_alone=False)
        return
    path = os.path.abspath(path)  # for tracebacks and ``__file__``; ``sys.argv`` keeps the given path
    _search_first(os.path.dirname(path))
    with open(path, "rb") as file:
        source = file.read()
    _execute_source(source, path, path)


def _run_as_main(name: str, *, is_alone: bool) -> None:
    """Runs a module as python's ``-m`` does. ``is_alone`` makes its file the program's name."""
    sys.modules["__main__"] = types.ModuleType("__main__")
    runpy._run_module_as_main(name, is_alone)  # type: ignore[attr-defined]


def _execute_source(source: Any, name: str, file: Optional[str]) -> None:
    # The script is sys.modules["__main__"], as under python, because pickle, dataclasses and unittest use it.
    main = types.ModuleType("__main__")
    if file is not None:
        main.__file__ = file
    main.__dict__["__builtins__"] = __builtins__
    main.__dict__["__annotations__"] = {}
    sys.modules["__main__"] = main
    if file is None:
        import linecache

        text = source if isinstance(source, str) else source.decode()
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    exec(compile(source, name, "exec", dont_inherit=True), main.__dict__)


def _exit_code(stop: SystemExit) -> int:
    code = stop.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _report(error: BaseException) -> int:
    """Prints an uncaught exception as python does, with ``sys.excepthook``."""
    advice.attach(error)
    trace = fault.user_frames(error.__traceback__)
    try:
        if sys.excepthook is sys.__excepthook__:
            traceback.print_exception(type(error), error, trace)
        else:
            sys.excepthook(type(error), error, trace)
    except Exception as failure:
        print("Error in sys.excepthook:", file=sys.stderr)
        traceback.print_exception(type(failure), failure, failure.__traceback__)
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def format_declaration_traceback(error: BaseException) -> str:
    """Returns the traceback of an exception in the top-level code of a script, without frames of this package."""
    advice.attach(error)
    return fault.traceback_of_declaration(error)


def place_of(error: BaseException) -> Optional[Dict[str, Any]]:
    """Returns the user's file and line of an exception: the place of a syntax error, or the last line that ran."""
    if isinstance(error, SyntaxError) and type(error.filename) is str and type(error.lineno) is int:
        return {"file": error.filename, "line": error.lineno}
    place, trace = None, fault.user_frames(error.__traceback__)
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not fault.is_ours(file) and not file.startswith(("<", _LIBRARY)):
            place = {"file": file, "line": trace.tb_lineno}
        trace = trace.tb_next
    return place
