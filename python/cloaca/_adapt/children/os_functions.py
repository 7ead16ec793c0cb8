"""``os.system``, ``os.spawn*``, ``os.posix_spawn*`` and, for programs, ``os.exec*``.

``os.exec*`` replaces a process, which is impossible for an interpreter. Instead the program is started as a child with
the open files of the script, and when it has ended, the script ends with the same status. A served script cannot be
replaced at all. Pyodide's functions (seen in 314.0.7) raise "Function not implemented". Can be deleted together with
``starting``.

Proved by ``python/tests/stdlib/test_os_processes.py``.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import Any, Dict, List, NoReturn, Optional, Sequence, Tuple

from ..._border import bridge, host
from .. import interrupts
from ..builtin import builtin
from ..c_numbers import c_int
from .starting import Failure, Order, environment, program_candidates, start, text, texts
from .waiting import waitpid

_SHELL = "/bin/sh"
_OPEN, _CLOSE, _DUP2 = 0, 1, 2
NOT_REPLACED = (
    "os.{} cannot replace this process: it runs all scripts that the cloaca engine serves. "
    "Start the program with subprocess instead"
)


def system(command: Any) -> int:
    """Execute the command in a subshell, and return its status in the format of `wait`."""
    sys.audit("os.system", command)
    order = Order([_SHELL], [_SHELL, "-c", text(command)], environment(), _inherited())
    try:
        with interrupts.keys_left_to_command():
            return waitpid(start(order), 0)[1]
    except Failure:
        return 127 << 8


def _inherited() -> List[Tuple[int, int]]:
    """Returns the descriptors that a child inherits, each with its own number."""
    return sorted({(int(each), int(each)) for each in host.descriptors.inheritable()})


def _spawn(mode: int, file: Any, args: Any, env: Any, is_searched: bool) -> int:
    if not isinstance(args, (tuple, list)):
        raise TypeError("argv must be a tuple or a list")
    if not args or not args[0]:
        raise ValueError("argv first element cannot be empty")
    candidates = program_candidates(file, env) if is_searched else [text(file)]
    try:
        pid = start(Order(candidates, texts(args), environment(env), _inherited()))
    except Failure:
        return 127 if mode == os.P_WAIT else _ended_with_127()
    return pid if mode == os.P_NOWAIT else os.waitstatus_to_exitcode(waitpid(pid, 0)[1])


def _ended_with_127() -> int:
    """Starts a child that ends with status 127, as a process does that cannot execute the program."""
    return start(Order([_SHELL], [_SHELL, "-c", "exit 127"], environment(), []))


def spawnv(mode: int, file: Any, args: Any) -> int:
    """Execute file with arguments from args in a subprocess."""
    return _spawn(mode, file, args, None, False)


def spawnve(mode: int, file: Any, args: Any, env: Any) -> int:
    """Execute file with arguments from args in a subprocess with the specified environment."""
    return _spawn(mode, file, args, env, False)


def spawnvp(mode: int, file: Any, args: Any) -> int:
    """Execute file (which is looked for along $PATH) with arguments from args in a subprocess."""
    return _spawn(mode, file, args, None, True)


def spawnvpe(mode: int, file: Any, args: Any, env: Any) -> int:
    """Execute file (which is looked for along $PATH) with arguments from args and an environment in a subprocess."""
    return _spawn(mode, file, args, env, True)


def spawnl(mode: int, file: Any, *args: Any) -> int:
    """Execute file with arguments from args in a subprocess."""
    return spawnv(mode, file, args)


def spawnle(mode: int, file: Any, *args: Any) -> int:
    """Execute file with arguments from args in a subprocess with the environment that comes last."""
    return spawnve(mode, file, args[:-1], args[-1])


def spawnlp(mode: int, file: Any, *args: Any) -> int:
    """Execute file (which is looked for along $PATH) with arguments from args in a subprocess."""
    return spawnvp(mode, file, args)


def spawnlpe(mode: int, file: Any, *args: Any) -> int:
    """Execute file (which is looked for along $PATH) with arguments and the environment that comes last."""
    return spawnvpe(mode, file, args[:-1], args[-1])


def posix_spawn(path: Any, argv: Any, env: Any, /, **options: Any) -> int:
    """Execute the program specified by path in a new process."""
    return _posix_spawn("posix_spawn", [text(path)], path, argv, env, **options)


def posix_spawnp(path: Any, argv: Any, env: Any, /, **options: Any) -> int:
    """Execute the program specified by path, looked for along $PATH, in a new process."""
    return _posix_spawn("posix_spawnp", program_candidates(path), path, argv, env, **options)


def _posix_spawn(
    name: str,
    candidates: Sequence[str],
    path: Any,
    argv: Any,
    env: Any,
    *,
    file_actions: Sequence[Any] = (),
    setpgroup: Optional[int] = None,
    resetids: bool = False,
    setsid: bool = False,
    setsigmask: Sequence[Any] = (),
    setsigdef: Sequence[Any] = (),
    scheduler: Any = None,
) -> int:
    if not isinstance(argv, (tuple, list)):
        raise TypeError(f"{name}: argv must be a tuple or list")
    if not argv:
        raise ValueError(f"{name}: argv must not be empty")
    if not argv[0]:
        raise ValueError(f"{name}: argv first element cannot be empty")
    if env is not None and not (hasattr(env, "keys") and hasattr(env, "items")):
        raise TypeError(f"{name}: environment must be a mapping object or None")
    if setpgroup is not None and c_int(setpgroup) < 0:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
    if scheduler is not None or setsigmask:
        raise OSError(
            errno.ENOTSUP, f"{name}: the cloaca engine cannot set the scheduler or signal mask of another process"
        )
    opened: List[int] = []
    try:
        descriptors = _after_actions(file_actions, opened)
        order = Order(
            candidates, texts(argv), environment(env), descriptors, has_own_session=bool(setsid), group=setpgroup
        )
        return start(order)
    except Failure as failure:
        raise OSError(failure.errno, failure.strerror, path) from None
    finally:
        for each in opened:
            os.close(each)


def _after_actions(actions: Sequence[Any], opened: List[int]) -> List[Tuple[int, int]]:
    """Returns the child's descriptors after the actions. Files opened for the child are added to ``opened``."""
    descriptors = dict(_inherited())
    for action in actions:
        if not isinstance(action, tuple) or not action:
            raise TypeError("Each file_actions element must be a non-empty tuple")
        kind, *arguments = action
        if kind == _OPEN:
            number, path, flags, mode = arguments
            own = os.open(path, flags, mode)
            opened.append(own)
            descriptors[_number(number)] = own
        elif kind == _CLOSE:
            descriptors.pop(_number(arguments[0]), None)
        elif kind == _DUP2:
            source, target = map(_number, arguments)
            descriptors[target] = _source_of(source, descriptors)
        else:
            raise TypeError("Unknown file_actions identifier")
    return sorted(descriptors.items())


def _number(descriptor: Any) -> int:
    number = c_int(descriptor)
    if number < 0:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return number


def _source_of(source: int, descriptors: Dict[int, int]) -> int:
    if source in descriptors:
        return descriptors[source]
    os.fstat(source)
    return source


def _replace(name: str, candidates: Sequence[str], path: Any, args: Any, env: Any) -> NoReturn:
    if not isinstance(args, (tuple, list)):
        raise TypeError(f"{name}() arg 2 must be a tuple or list")
    if not args:
        raise ValueError(f"{name}() arg 2 must not be empty")
    if not args[0]:
        raise ValueError(f"{name}() arg 2 first element cannot be empty")
    sys.audit("os.exec", path, args, env)
    if not host.output.is_program:
        raise OSError(errno.ENOTSUP, NOT_REPLACED.format(name))
    try:
        pid = start(Order(candidates, texts(args), environment(env), _inherited()))
    except Failure as failure:
        raise OSError(failure.errno, failure.strerror, path) from None
    _hand_signals_on(pid)
    code = os.waitstatus_to_exitcode(waitpid(pid, 0)[1])
    if code < 0:
        bridge.exit_by_signal(-code)
    bridge.exit_now(code)
    raise AssertionError("This process did not end when it should have. This is a bug in cloaca: please report it.")


def _hand_signals_on(pid: int) -> None:
    """Forwards the signals of this process to the program."""
    for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT):
        try:
            signal.signal(signum, lambda number, frame: os.kill(pid, number))
        except ValueError:
            return  # only the main thread can set handlers


def execv(path: Any, argv: Any, /) -> NoReturn:
    """Execute an executable path with arguments, replacing current process."""
    _replace("execv", [text(path)], path, argv, None)


def execve(path: Any, argv: Any, env: Any) -> NoReturn:
    """Execute an executable path with arguments, replacing current process."""
    _replace("execve", [text(path)], path, argv, env)


def execl(file: Any, *args: Any) -> NoReturn:
    """Execute the executable file with argument list args, replacing the current process."""
    execv(file, args)


def execle(file: Any, *args: Any) -> NoReturn:
    """Execute the executable file with argument list args and the environment that comes last."""
    execve(file, args[:-1], args[-1])


def execlp(file: Any, *args: Any) -> NoReturn:
    """Execute the executable file, looked for along $PATH, with argument list args."""
    execvp(file, args)


def execlpe(file: Any, *args: Any) -> NoReturn:
    """Execute the file, looked for along $PATH, with argument list args and the environment that comes last."""
    execvpe(file, args[:-1], args[-1])


def execvp(file: Any, args: Any) -> NoReturn:
    """Execute the executable file, looked for along $PATH, with arguments from args."""
    _replace("execvp", program_candidates(file), file, args, None)


def execvpe(file: Any, args: Any, env: Any) -> NoReturn:
    """Execute the executable file, looked for along $PATH, with arguments from args and environment env."""
    _replace("execvpe", program_candidates(file, env), file, args, env)


_FUNCTIONS = (
    *(system, posix_spawn, posix_spawnp),
    *(spawnv, spawnve, spawnvp, spawnvpe, spawnl, spawnle, spawnlp, spawnlpe),
    *(execv, execve, execl, execle, execlp, execlpe, execvp, execvpe),
)


def prepare() -> None:
    for function in _FUNCTIONS:
        setattr(os, function.__name__, builtin(function, "os"))
    for name, number in (("OPEN", _OPEN), ("CLOSE", _CLOSE), ("DUP2", _DUP2)):
        setattr(os, f"POSIX_SPAWN_{name}", number)
