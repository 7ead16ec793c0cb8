"""``subprocess``: CPython's module with a ``_posixsubprocess.fork_exec`` that lets the host start the process.

Pyodide's ``subprocess`` (seen in 314.0.7) refuses to start processes because its platform has none. The module is
therefore imported again as on Linux. Failures are reported through the error pipe, as by CPython's C code, so that the
exceptions are the same. ``preexec_fn`` cannot be called, because there is no step between fork and exec. Can be deleted
together with ``starting``.

Proved by ``python/tests/stdlib/test_subprocess.py``.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import Any, List, Sequence, Tuple

from ..._border import host
from ..builtin import builtin
from ..c_numbers import c_int
from . import waiting
from .starting import DESCRIPTORS, FOLDER, GROUP, INHERITED, Failure, Order, environment, start, text, texts

NO_PREEXEC = (
    "preexec_fn is not supported: the cloaca engine starts processes without fork. Use start_new_session, "
    "process_group, umask, user, group, cwd, env or pass_fds, or start a small program that makes the call"
)
#: Largest id of a user or group.
_MAX_ID = 2**31 - 1


def fork_exec(
    args: Any,
    executable_list: Any,
    close_fds: Any,
    pass_fds: Any,
    cwd: Any,
    env: Any,
    p2cread: int,
    p2cwrite: int,
    c2pread: int,
    c2pwrite: int,
    errread: int,
    errwrite: int,
    errpipe_read: int,
    errpipe_write: int,
    restore_signals: Any,
    call_setsid: Any,
    pgid_to_set: int,
    gid: Any,
    extra_groups: Any,
    uid: Any,
    child_umask: int,
    preexec_fn: Any,
    /,
) -> int:
    """Spawn a fresh new child process."""
    kept = _checked_descriptors(close_fds, pass_fds, errpipe_write)
    streams = tuple(map(c_int, (p2cread, c2pwrite, errwrite)))
    group, umask = c_int(pgid_to_set), c_int(child_umask)
    if preexec_fn is not None:
        raise OSError(errno.ENOTSUP, NO_PREEXEC)
    for number in (uid, gid):
        if number is not None and number > _MAX_ID:
            raise OverflowError("Python int too large to convert to C long")
    variables = None if env is None else dict(_split(each) for each in env)
    order = Order(
        [text(each) for each in executable_list],
        _arguments(args),
        environment() if variables is None else variables,
        _handed_over(streams, kept, bool(close_fds), (errpipe_read, errpipe_write)),
        None if cwd is None else text(cwd),
        bool(call_setsid),
        uid,
        gid,
        umask,
        None if group < 0 else group,
    )
    try:
        return start(order)
    except Failure as failure:
        if failure.step == DESCRIPTORS or failure.errno == errno.ENOTSUP:
            raise
        is_before_exec = failure.step == GROUP or _is_about_users(failure, uid, gid)
        step = "noexec:chdir" if failure.step == FOLDER else "noexec" if is_before_exec else ""
        os.write(errpipe_write, f"OSError:{failure.errno:x}:{step}".encode())
        return waiting.failed_child()


def _is_about_users(failure: Failure, uid: Any, gid: Any) -> bool:
    return failure.errno == errno.EPERM and (uid is not None or gid is not None)


def _arguments(args: Any) -> List[str]:
    if not hasattr(args, "__len__") or isinstance(args, (str, bytes)):
        raise TypeError("argv must be a tuple or list")
    return texts(args)


def _checked_descriptors(close_fds: Any, pass_fds: Any, errpipe_write: int) -> Tuple[int, ...]:
    if close_fds and errpipe_write < len(INHERITED):
        raise ValueError("errpipe_write must be >= 3")
    kept = tuple(pass_fds)
    if any(not isinstance(each, int) or not 0 <= each < 2**31 for each in kept) or list(kept) != sorted(set(kept)):
        raise ValueError("bad value(s) in fds_to_keep")
    return kept


def _split(variable: bytes) -> Tuple[str, str]:
    name, _, value = text(variable).partition("=")
    return name, value


def _handed_over(
    streams: Sequence[int], kept: Sequence[int], closes_others: bool, own: Sequence[int]
) -> List[Tuple[int, int]]:
    """Returns pairs of a descriptor in the child and the script's descriptor.

    ``own`` is the error pipe, which no child gets.

    The pipe can have the number of a standard stream that the script has closed. The child has another stream there.
    """
    inherited = {*INHERITED, *kept}
    if not closes_others:
        inherited.update(int(each) for each in host.descriptors.inheritable())
    handed = {each: each for each in inherited.difference(own)}
    handed.update((child, given) for child, given in zip(INHERITED, streams) if given != -1)
    return sorted(handed.items())


def prepare() -> None:
    """Installs the function and reloads ``subprocess``. Called when the functions of ``os`` are adapted."""
    import _posixsubprocess
    import fcntl
    import subprocess

    # The size of a pipe cannot be changed, so ``pipesize`` is ignored, as on macOS.
    for name in ("F_SETPIPE_SZ", "F_GETPIPE_SZ"):
        if hasattr(fcntl, name):
            delattr(fcntl, name)

    _posixsubprocess.fork_exec = builtin(fork_exec, "_posixsubprocess")
    platform = sys.platform
    sys.platform = "linux"
    try:
        importlib.reload(subprocess)
    finally:
        sys.platform = platform
    subprocess._USE_POSIX_SPAWN = False  # type: ignore[misc]
