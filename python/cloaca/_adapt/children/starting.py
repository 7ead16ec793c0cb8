"""How a process is started: by the host, on Node's ``child_process``.

Nothing is replaced here; the other modules call `start`. WebAssembly has no processes (seen in Pyodide 314.0.7), and no
``fork``: what has to happen between ``fork`` and ``exec`` is said in advance, and the host does it. Can go when
Emscripten can start processes.

Proved by ``python/tests/stdlib/test_subprocess.py``.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..._border import bridge, host, stacks
from . import masked_output

INHERITED = (0, 1, 2)

FOLDER, DESCRIPTORS, GROUP, PROGRAM = "folder", "descriptors", "group", "program"

#: Of arguments and variables that are not UTF-8, which Node cannot hand on.
NOT_UTF8 = "the cloaca engine can hand only valid UTF-8 to another process, and {} is not"
NOT_TO_BE_HANDED = (
    "another process can have files, pipes, connected sockets and the standard streams of a script, and nothing else "
    "of what it has open: descriptor {} is {}"
)


NO_GROUP = (
    "the cloaca engine cannot choose the group of a process on this machine: its native addon was not built, or "
    "processes are started without fork, as under macOS. Use start_new_session instead"
)


class Failure(OSError):
    """No process was started. ``step``: what failed."""

    step = PROGRAM


class Order(NamedTuple):
    """What is wanted of a process.

    ``descriptors``: those of the child, each with the script's that it is. ``group``: a number, or 0 for a group of its
    own; None for the script's, where the script is a program, else for a session of its own.
    """

    candidates: Sequence[str]
    argv: Sequence[str]
    environ: Dict[str, str]
    descriptors: Sequence[Tuple[int, int]]
    folder: Optional[str] = None
    has_own_session: bool = False
    uid: Optional[int] = None
    gid: Optional[int] = None
    umask: int = -1
    group: Optional[int] = None


def texts(given: Any) -> List[str]:
    """Arguments as the host takes them; refuses what ``execv`` would, and what the host cannot hand on."""
    return [text(each) for each in given]


def text(given: Any) -> str:
    """An argument, a path or a variable as the host takes it."""
    encoded = os.fsencode(given)
    if b"\0" in encoded:
        raise ValueError("embedded null byte")
    try:
        return encoded.decode("utf-8")
    except UnicodeDecodeError:
        raise Failure(errno.EILSEQ, NOT_UTF8.format(repr(given))) from None


def environment(given: Any = None) -> Dict[str, str]:
    """The variables of a child: those given, or the script's own."""
    if given is None:
        return {os.fsdecode(name): text(value) for name, value in os.environb.items()}
    return {text(name): text(value) for name, value in dict(given).items()}


def start(order: Order) -> int:
    """Starts a process, and returns its number. Raises `Failure`, whose ``errno`` is that of the step that failed."""
    umask = order.umask
    if umask < 0:
        umask = os.umask(0)
        os.umask(umask)
    descriptors, diversion = masked_output.divert(order.descriptors)
    wanted = {
        "candidates": list(order.candidates),
        "argv": list(order.argv),
        "environ": order.environ,
        "folder": order.folder if order.folder is not None else os.getcwd(),
        "descriptors": descriptors,
        "hasOwnSession": order.has_own_session,
        "uid": order.uid,
        "gid": order.gid,
        "umask": umask,
        "group": order.group,
    }
    try:
        started = host.children.spawn(stacks.running.origin, json.dumps(wanted))
    finally:
        diversion.close()
    if isinstance(started, str):
        step, _, code = started.partition(":")
        raise _failure(step, code, order)
    if started < 0:
        raise _failure(PROGRAM, _late_code(started), order)
    diversion.started(int(started))
    return int(started)


def _late_code(number: int) -> str:
    """The error of a process that could not be started, which Node tells in the next tick of its event loop."""
    if not bridge.can_wait():
        return "EACCES"
    event = bridge.new_event()
    host.children.watch_failure(event, number)
    bridge.wait_event(event)
    return str(host.children.take_failure(number))


def _failure(step: str, code: str, order: Order) -> Failure:
    number = int(getattr(errno, code, errno.EIO))
    message = os.strerror(number)
    if step == DESCRIPTORS and code == "ENOTSUP":
        message = _not_to_be_handed([own for _, own in order.descriptors])
    if step == GROUP and code == "ENOSYS":
        number, message = errno.ENOTSUP, NO_GROUP
    failure = Failure(number, message)
    failure.step = step
    return failure


def _not_to_be_handed(descriptors: Sequence[int]) -> str:
    for each in descriptors:
        mode = os.fstat(each).st_mode
        if stat.S_ISSOCK(mode):
            return NOT_TO_BE_HANDED.format(each, "a socket that is not connected, has TLS, or is another child's")
        if stat.S_ISFIFO(mode):
            return NOT_TO_BE_HANDED.format(each, "a named pipe from which bytes were taken: have the child open it")
    return NOT_TO_BE_HANDED.format(max(descriptors, default=-1), "none of them")


def program_candidates(file: Any, environ: Any = None) -> List[str]:
    """Where a program may be: the path itself, or its name in each folder of ``PATH``."""
    name = text(file)
    if os.path.dirname(name):
        return [name]
    return [os.path.join(folder, name) for folder in os.get_exec_path(environ)]
