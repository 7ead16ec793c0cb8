"""``signal``: handlers, alarms and interval timers, masks and waiting for signals.

Pyodide's ``signal`` (seen in 314.0.7) receives no signals of the process, and runs a handler on the current stack, main
or not. Here the handlers are kept in Python and run on the main stack (``interrupts``). When a script sets a handler
for a signal of the process, the host starts to listen for the signal. Can be deleted when Pyodide has threads and
signals.

Proved by ``python/tests/stdlib/test_signal.py``.
"""

from __future__ import annotations

import _signal
import errno
import operator
import os
import signal as _module
import sys
import traceback
from typing import Any, Callable, Dict, Iterable, List, Optional, Set

from ... import _package
from ..._border import bridge, host, stacks
from .. import interrupts, unraisable
from ..builtin import builtin
from ..c_numbers import c_int, c_long, c_seconds

SIG_DFL, SIG_IGN = int(_signal.SIG_DFL), int(_signal.SIG_IGN)
_IGNORED_UNLESS_HANDLED = {17, 18, 19, 20, 21, 22, 23, 28}  # SIGCHLD, stop and go, SIGURG, SIGWINCH
_NEVER_HANDLED = {9, 19}
_SIGINT, _SIGABRT, _SIGKILL, _LARGEST = 2, 6, 9, 64

_handlers: Dict[int, Any] = {}
_blocked: Set[int] = set()
_held: List[int] = []
#: Events of stacks in `sigwait` and `pause`.
_watchers: List[int] = []
_wakeup_fd = -1
_warn_on_full_buffer = True
_handled = 0


def _number(signum: Any) -> int:
    number = c_int(signum)
    if not 1 <= number <= _LARGEST:
        raise ValueError("signal number out of range")
    return number


def _numbers(sigset: Iterable[Any]) -> Set[int]:
    numbers = {int(operator.index(each)) for each in sigset}
    for each in numbers:
        if not 1 <= each <= _LARGEST:
            raise ValueError(f"signal number {each} out of range [1; {_LARGEST}]")
    return numbers


def set_handler(signalnum: Any, handler: Any, /) -> Any:
    """Set the action for the given signal, and return the previous action."""
    if not callable(handler) and handler not in (SIG_DFL, SIG_IGN):
        raise TypeError("signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")
    if stacks.running is not stacks.MAIN and stacks.running is not stacks.OUTSIDE:
        raise ValueError("signal only works in main thread of the main interpreter")
    number = _number(signalnum)
    if number in _NEVER_HANDLED:
        raise OSError(errno.EINVAL, "Invalid argument")
    before = _handlers.get(number, SIG_DFL)
    _handlers[number] = handler
    host.signals.watch_signal(number, handler != SIG_DFL)
    return before


def get_handler(signalnum: Any, /) -> Any:
    """Return the current action for the given signal."""
    return _handlers.get(_number(signalnum), SIG_DFL)


def deliver(number: int) -> None:
    """Acts on a signal on the main stack: calls its handler, or does what the system does without a handler."""
    global _handled
    if number in _blocked:
        if number not in _held:
            _held.append(number)
        _wake_watchers()
        return
    handler = _handlers.get(number, SIG_DFL)
    if handler == SIG_IGN or (handler == SIG_DFL and number in _IGNORED_UNLESS_HANDLED):
        return
    if handler == SIG_DFL:
        bridge.exit_by_signal(number)
    _handled += 1
    _wake_watchers()
    if _wakeup_fd != -1:
        _write_wakeup(number)
    handler(number, _interrupted_frame())


def _interrupted_frame() -> Any:
    """Returns the frame of the script that the signal interrupted."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _package.has_file(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def _wake_watchers() -> None:
    watchers, _watchers[:] = list(_watchers), []
    for event in watchers:
        bridge.set_event(event)


def _watch(timeout_ms: float = -1) -> bool:
    event = bridge.new_event()
    _watchers.append(event)
    try:
        return bridge.wait_event(event, timeout_ms)
    finally:
        if event in _watchers:
            _watchers.remove(event)


def _write_wakeup(number: int) -> None:
    try:
        os.write(_wakeup_fd, bytes([number]))
    except OSError as error:
        if _warn_on_full_buffer or error.errno != errno.EAGAIN:
            print("Exception ignored when trying to write to the signal wakeup fd:", file=sys.stderr)
            traceback.print_exception(error)


def raise_signal(signalnum: Any, /) -> None:
    """Send a signal to the executing process."""
    send(os.getpid(), _number(signalnum))


def send(pid: int, number: int, /) -> None:
    """Sends a signal to a process. The process itself receives it immediately."""
    pid, number = c_int(pid), c_long(number)
    if not 0 <= number <= _LARGEST:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    if pid == os.getpid() and number and number not in _NEVER_HANDLED:
        interrupts.raise_in_main(number)
        return
    if pid == os.getpid() and number == _SIGKILL and host.output.is_program:
        host.signals.exit(-_SIGKILL)  # never returns; without it the engine would report a crash
    name = host.signals.kill(pid, number)
    if name:
        code = getattr(errno, name, errno.EINVAL)
        raise OSError(code, os.strerror(code))


def abort() -> None:
    """Abort the interpreter immediately, without running any handler."""
    bridge.exit_by_signal(_SIGABRT)


def send_to_thread(thread_id: int, signalnum: Any, /) -> None:
    """Send a signal to a thread: its handler runs on the main thread."""
    import threading

    if thread_id not in threading._active:  # type: ignore[attr-defined]
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
    if c_int(signalnum):
        interrupts.raise_in_main(_number(signalnum))


def interrupt_main(signum: Any = _SIGINT, /) -> None:
    """Simulate the arrival of the given signal in the main thread."""
    number = _number(signum)
    if _handlers.get(number, SIG_DFL) in (SIG_DFL, SIG_IGN):
        return
    if bridge.last_stack is not None:  # python drops its handlers before the names of the script
        unraisable.report(OSError(f"Signal {number} ignored due to race condition"), "Exception ignored in: None")
        return
    interrupts.raise_in_main(number)


def pause() -> None:
    """Wait until a signal arrives and its handler has run."""
    before = _handled
    while _handled == before:
        _watch()


def set_wakeup_fd(fd: int, /, *, warn_on_full_buffer: bool = True) -> int:
    """Sets the descriptor to which a byte is written for each signal, and returns the previous one."""
    global _wakeup_fd, _warn_on_full_buffer
    if isinstance(fd, float) or not hasattr(fd, "__index__"):
        raise TypeError(f"'{type(fd).__name__}' object cannot be interpreted as an integer")
    if stacks.running is not stacks.MAIN:
        raise ValueError("set_wakeup_fd only works in main thread of the main interpreter")
    if fd != -1:
        os.fstat(fd)
        if os.get_blocking(fd):
            raise ValueError(f"the fd {fd} must be in non-blocking mode")
    before, _wakeup_fd = _wakeup_fd, fd
    _warn_on_full_buffer = bool(warn_on_full_buffer)
    return before


def set_mask(how: int, mask: Iterable[Any], /) -> Set[int]:
    """Fetch and change the set of signals whose delivery is blocked."""
    before = set(_blocked)
    numbers = _numbers(mask) - _NEVER_HANDLED
    if how == _signal.SIG_BLOCK:
        _blocked.update(numbers)
    elif how == _signal.SIG_UNBLOCK:
        _blocked.difference_update(numbers)
    elif how == _signal.SIG_SETMASK:
        _blocked.clear()
        _blocked.update(numbers)
    else:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    for number in [each for each in _held if each not in _blocked]:
        _held.remove(number)
        interrupts.raise_in_main(number)
    return before


def pending() -> Set[int]:
    """Examine pending signals: those that arrived while they were blocked."""
    return set(_held)


def wait_for(sigset: Iterable[Any], /) -> int:
    """Wait for one of the signals, take it, and return its number."""
    number = _wait_for(_numbers(sigset), None)
    assert number is not None
    return number


def wait_for_info(sigset: Iterable[Any], timeout: Optional[float] = None, /) -> Any:
    """Like `sigwait`, but returns information about the signal, or None after ``timeout`` seconds."""
    if timeout is not None and timeout < 0:
        raise ValueError("timeout must be non-negative")
    number = _wait_for(_numbers(sigset), timeout)
    return None if number is None else _module.struct_siginfo((number, 0, 0, os.getpid(), os.getuid(), 0, 0))


def _wait_for(wanted: Set[int], timeout: Optional[float]) -> Optional[int]:
    import time

    until = None if timeout is None else time.monotonic() + c_seconds(timeout)
    added = wanted - _blocked
    _blocked.update(added)
    try:
        while True:
            for number in list(_held):
                if number in wanted:
                    _held.remove(number)
                    return number
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return None
            _watch(-1 if left is None else left * 1000)
    finally:
        _blocked.difference_update(added)


def install() -> None:
    _handlers.update({_SIGINT: _signal.default_int_handler, 13: SIG_IGN, 25: SIG_IGN})
    interrupts.connect(deliver)


def prepare() -> None:
    """Installs the functions under the names of the C module, which ``signal`` wraps, and in ``signal``."""
    import _thread

    functions: Dict[str, Callable[..., Any]] = {
        "signal": set_handler,
        "getsignal": get_handler,
        "raise_signal": raise_signal,
        "pthread_kill": send_to_thread,
        "pthread_sigmask": set_mask,
        "sigpending": pending,
        "sigwait": wait_for,
        "sigwaitinfo": wait_for_info,
        "sigtimedwait": wait_for_info,
        "pause": pause,
        "set_wakeup_fd": set_wakeup_fd,
    }
    for name, python_function in functions.items():
        function = builtin(python_function, "signal", name)
        original = getattr(_signal, name, None)
        setattr(_signal, name, function)
        if getattr(_module, name, None) is original:
            setattr(_module, name, function)
    _thread.interrupt_main = builtin(interrupt_main, "_thread")
    os.kill = builtin(send, "os", "kill")
    os.abort = builtin(abort, "os")  # type: ignore[assignment]
    os._exit = builtin(bridge.exit_now, "os", "_exit")
