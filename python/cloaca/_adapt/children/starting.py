"""Starts processes through the host, with ``child_process`` of Node.

This module replaces nothing; other modules call `start`. WebAssembly has no processes (seen in Pyodide 314.0.7), and no
``fork``. The steps between ``fork`` and ``exec`` are described in advance, and the host executes them. Can be deleted
when Emscripten can start processes.

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

#: Message for arguments and variables that are not valid UTF-8, which Node cannot pass on.
NOT_UTF8 = "{} is not valid UTF-8, and the cloaca engine can pass only valid UTF-8 to another process"
NOT_TO_BE_HANDED = (
    "descriptor {} cannot be passed to another process: it is {}. A script can pass on files, pipes, connected sockets "
    "and its standard streams"
)


NO_GROUP = (
    "the process group cannot be set on this machine: the native addon of the cloaca engine was not built, or the "
    "system starts processes without fork, as macOS does. Use start_new_session instead"
)


class Failure(OSError):
    """Raised if no process was started. ``step`` is the step that failed."""

    step = PROGRAM


class Order(NamedTuple):
    """Description of a process to start.

    ``descriptors`` has pairs of a descriptor in the child and the script's descriptor. ``group`` is the number of a
    process group, 0 for a new group, or None. None means the group of the script if the script is a program, else a new
    session.
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
    """Returns arguments as text for the host. Rejects those that ``execv`` rejects, and those that are not UTF-8."""
    return [text(each) for each in given]


def text(given: Any) -> str:
    """Returns an argument, a path or a variable as text for the host."""
    encoded = os.fsencode(given)
    if b"\0" in encoded:
        raise ValueError("embedded null byte")
    try:
        return encoded.decode("utf-8")
    except UnicodeDecodeError:
        raise Failure(errno.EILSEQ, NOT_UTF8.format(repr(given))) from None


def environment(given: Any = None) -> Dict[str, str]:
    """Returns the environment of a child: the given variables, or those of the script."""
    if given is None:
        return {os.fsdecode(name): text(value) for name, value in os.environb.items()}
    return {text(name): text(value) for name, value in dict(given).items()}


def start(order: Order) -> int:
    """Starts a process and returns its number. Raises `Failure` with the ``errno`` of the step that failed."""
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
    """Returns the error of a process that could not be started, which Node reports in the next tick of its loop."""
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
            return NOT_TO_BE_HANDED.format(
                each, "a socket that is not connected, uses TLS, or was already passed to another process"
            )
        if stat.S_ISFIFO(mode):
            return NOT_TO_BE_HANDED.format(
                each, "a named pipe from which the script has already read (let the child open it)"
            )
    return NOT_TO_BE_HANDED.format(max(descriptors, default=-1), "not of a supported kind")


def program_candidates(file: Any, environ: Any = None) -> List[str]:
    """Returns the possible paths of a program: the path itself, or the name in each folder of ``PATH``."""
    name = text(file)
    if os.path.dirname(name):
        return [name]
    return [os.path.join(folder, name) for folder in os.get_exec_path(environ)]
