"""Interrupts running Python for the host: stops an overdue stack, delivers signals, and lets other stacks run.

The host always raises the same signal through Pyodide's interrupt buffer (314.0.7), which can hold only one, and
describes the reason in a mailbox. Python checks the mailbox between two steps, and when a wait is interrupted. A signal
handler runs on the main stack, as under python: if another stack is running, the signal is kept and the main stack is
woken. A stack that computes for a long time yields between two steps, as a Python thread does, but never inside this
package, whose steps must not be separated. A C read or write that has to wait is interrupted in the same way, and waits
here (``files.descriptors``). Can be deleted when an interpreter can interrupt a single stack.

Proved by ``python/tests/test_engine_interrupts.py``.
"""

from __future__ import annotations

import _signal
import contextlib
import opcode
import sys
import time
import traceback
from typing import Any, Callable, Iterator, List, Optional

from .. import _package
from .._border import bridge, host, stacks
from .._border.stops import Cancelled, DeadlineExceeded

_HAS_SIGNALS, _IS_OVERDUE, _IS_TURN_OVER, _IS_CANCELLED = 1, 2, 4, 8

_TOO_LONG = "timed out during a computation (timeout)"

#: Instructions at which no C code is running.
_STEPS = {opcode.opmap["RESUME"], opcode.opmap["JUMP_BACKWARD"]}
_MAX_DELAY_S = 0.05
#: Minimum time between two stops of a stack, as under CPython, so that its ``finally`` blocks can run.
_AGAIN_AFTER_S = 0.1
_put_off_at: Optional[float] = None
_steps_here = 0
_is_turn_over = False

#: Token of the stack for handlers. The host uses positive numbers for the stacks that it enters.
_TOKEN_FOR_HANDLERS = -1

_suspensions = -1


#: Connected by ``files.descriptors``: the event that a C read or write has to wait for, and functions that wait for it
#: and that abandon it.
def take_blocked() -> Any:
    return None


def wait_until_ready(blocked: Any) -> None:
    return None


def give_up(blocked: Any) -> None:
    return None


def abandon_output() -> None:
    """Abandons a write to a standard stream. Connected by ``files.standard_output``."""


#: Signals that wait for the main stack.
_kept: List[int] = []
#: SIGINT and SIGQUIT, which the keys of a terminal send.
_OF_KEYS = {2, 3}
#: Number of stacks that wait for a command, during which Ctrl-C is for the command only.
_commands = 0

_c_signal = _signal.signal
_deliver: Callable[[int], None] = lambda signum: None  # noqa: E731  # ``signals.signals`` connects


def install() -> None:
    bridge.handle_signals = handle_signals
    _c_signal(_signal.SIGUSR2, _on_interrupt)


def connect(deliver: Callable[[int], None]) -> None:
    """Sets the function that acts on a signal."""
    global _deliver
    _deliver = deliver


def raise_in_main(signum: int) -> None:
    """Delivers a signal: now if the main stack is running, else as soon as it resumes."""
    _kept.append(signum)
    _deliver_kept()


def handle_signals() -> None:
    """Takes the signals from the mailbox, and delivers those that can be delivered on this stack."""
    _kept.extend(host.signals.take_signals())
    if _kept:
        _deliver_kept()


def _deliver_kept() -> None:
    if stacks.running is not stacks.MAIN:
        if stacks.MAIN.token:
            host.signals.wake(stacks.MAIN.token)
        else:
            host.signals.deliver_signals()  # enters a stack for `deliver`
        return
    while _kept:
        signum = _kept.pop(0)
        if not (_commands and signum in _OF_KEYS):
            _deliver(signum)


@contextlib.contextmanager
def keys_left_to_command() -> Iterator[None]:
    """Ignores Ctrl-C in its block, as C's ``system`` does: the key is for the command that runs."""
    global _commands
    _commands += 1
    try:
        yield
        handle_signals()
    finally:
        _commands -= 1


def deliver() -> None:
    """Delivers the signals in the mailbox while no script uses the main stack.

    Runs as the main stack, and raises nothing.
    """
    if bridge.last_stack is not None:
        return  # the interpreter is ending, and the script's names are gone
    if stacks.MAIN.token:
        handle_signals()
        return
    stack = stacks.enter_main(_TOKEN_FOR_HANDLERS)
    try:
        stacks.run_in(stack, handle_signals)
    except BaseException as error:
        print("Exception ignored in a signal handler:", file=sys.stderr)
        traceback.print_exception(error)
    finally:
        stacks.leave_main(stack)


def _on_interrupt(signum: int, frame: Any) -> None:
    blocked = take_blocked()
    if blocked is None:
        try:
            _check_between_steps(frame)
        except BaseException:
            abandon_output()  # if the signal interrupted a write
            raise
        return
    try:
        _check_mailbox()
        wait_until_ready(blocked)
    except BaseException:
        give_up(blocked)
        raise


def _check_between_steps(frame: Any) -> None:
    """Acts between two steps of Python.

    C also checks for signals in the middle of its work; then the action is postponed.
    """
    global _put_off_at, _is_turn_over
    stack = stacks.running
    found = int(host.signals.check(stack.token))
    if stack.loop is None:
        if found & _IS_OVERDUE:
            _stop(stack)
    elif stack.loop.is_in_step:
        _is_turn_over = stack.loop.check_step(frame, bool(found & _IS_OVERDUE)) or _is_turn_over
    if found & _IS_CANCELLED:
        _cancel_once()
    _is_turn_over = _is_turn_over or bool(found & _IS_TURN_OVER)
    if not _is_between_steps(frame):
        if found & _HAS_SIGNALS or _is_turn_over or stack.exception is not None or bridge.is_garbage_due():
            _check_later()
        else:
            _put_off_at = None
        return
    _put_off_at = None
    if found & _HAS_SIGNALS:
        handle_signals()
    bridge.collect_garbage()
    if stack.exception is not None:
        _raise_exception(frame)
    if _is_turn_over:
        _is_turn_over = False
        _give_way(frame)


def _check_later() -> None:
    """Postpones the pending actions to a check that happens between two steps.

    C checks immediately, for example in each ``str()``, and the interpreter checks at every 51st step (seen in
    314.0.7). If this function always took the same number of steps, that check could always fall into this function,
    and never into the script. The number of steps therefore varies.
    """
    global _put_off_at, _steps_here
    if _put_off_at is None:
        _put_off_at = time.monotonic()
    _steps_here = (7 * _steps_here + 13) % 61
    for _ in range(_steps_here):
        pass
    host.signals.interrupt()


def _is_between_steps(frame: Any) -> bool:
    """Returns whether no C code runs below the frame. A handler, finalizer or other stack could use the same file.

    In a call this is unknown, except for the standard streams, so the next checks decide. If they find the same state
    for some time, the call is a long C call, such as a search, which may be interrupted.
    """
    code = frame.f_code.co_code
    if frame.f_lasti < len(code) and code[frame.f_lasti] in _STEPS:
        return True
    # Read it once: C also checks for signals in these calls, and that check can clear the variable.
    put_off_at = _put_off_at
    return put_off_at is not None and time.monotonic() - put_off_at > _MAX_DELAY_S and not _is_writing()


def _is_writing() -> bool:
    for stream in (sys.__stdout__, sys.__stderr__):
        try:
            stream.buffer.write(b"")  # type: ignore[union-attr]
        except RuntimeError:
            return True  # "reentrant call"
        except (ValueError, AttributeError):
            continue  # closed, or missing
    return False


def _check_mailbox() -> None:
    stack = stacks.running
    found = int(host.signals.check(stack.token))
    if found & _HAS_SIGNALS:
        handle_signals()
    bridge.collect_garbage()
    if found & _IS_OVERDUE:
        _stop(stack)
    if found & _IS_CANCELLED:
        _cancel_once()


def _stop(stack: stacks.Stack) -> None:
    """Stops an overdue stack, unless it was stopped a moment ago."""
    now = time.monotonic()
    if now - stack.stopped_at >= _AGAIN_AFTER_S:
        stack.stopped_at = now
        raise DeadlineExceeded(_TOO_LONG)


def _cancel_once() -> None:
    """Raises Cancelled in the running stack, but only once, so that the stack can clean up undisturbed."""
    if not stacks.running.is_cancelled:
        stacks.running.is_cancelled = True
        raise Cancelled("cancelled")


def _raise_exception(frame: Any) -> None:
    """Raises the exception that another thread has set, in a step of the script.

    Steps of this package are not separated.
    """
    if _package.has_file(frame.f_code.co_filename):
        _check_later()
    else:
        raise stacks.take_exception()


def _give_way(frame: Any) -> None:
    """Suspends the stack if it has not been suspended since the last call."""
    global _suspensions
    if bridge.suspensions != _suspensions:
        _suspensions = bridge.suspensions
        return
    if not _package.has_file(frame.f_code.co_filename) and bridge.can_wait():
        bridge.sleep_ms(0)
