"""What the host wants of running Python: stop an overdue stack, deliver a signal, give way to other stacks.

The host raises one and the same signal through Pyodide's interrupt buffer (314.0.7), which holds no more than one, and
says in a mailbox what it is about; Python checks that between two steps, and when a wait is interrupted. A signal's
handler runs on the main stack, as under python: when another one happens to run, the signal is kept and the main stack
is woken. A stack that computes for long gives way between two steps, as python's threads do; never inside this package,
whose own steps belong together. A read or write of C that has to wait is interrupted in the same way, and waits here
(``files.descriptors``). Can go when an interpreter can be told to interrupt one stack.

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
from .._border.cancelled import Cancelled

_HAS_SIGNALS, _IS_OVERDUE, _IS_TURN_OVER, _IS_CANCELLED = 1, 2, 4, 8

_TOO_LONG = "timed out: stopped while it was computing (timeout)"

#: Instructions at which nothing but Python is at work.
_STEPS = {opcode.opmap["RESUME"], opcode.opmap["JUMP_BACKWARD"]}
_PUT_OFF_AT_MOST_S = 0.05
#: A stack that was stopped has so long to end, as under CPython: its ``finally`` blocks are not stopped at once.
_AGAIN_AFTER_S = 0.1
_put_off_at: Optional[float] = None
_steps_here = 0
_is_turn_over = False

#: The host gives positive numbers to what it enters.
_TOKEN_FOR_HANDLERS = -1

_suspensions = -1


#: What a read or write of C found that it has to wait for, how to wait for it, and how to say that it will not go on:
#: ``files.descriptors`` connects.
def take_blocked() -> Any:
    return None


def wait_until_ready(blocked: Any) -> None:
    return None


def give_up(blocked: Any) -> None:
    return None


def abandon_output() -> None:
    """Says that a write to a standard stream does not go on: ``files.standard_output`` connects."""


#: Signals that wait for the main stack.
_kept: List[int] = []
#: SIGINT and SIGQUIT, which the keys of a terminal send.
_OF_KEYS = {2, 3}
#: How many stacks wait for a command to which the keys are left.
_commands = 0

_c_signal = _signal.signal
_deliver: Callable[[int], None] = lambda signum: None  # noqa: E731  # ``signals.signals`` connects


def install() -> None:
    bridge.handle_signals = handle_signals
    _c_signal(_signal.SIGUSR2, _on_interrupt)


def connect(deliver: Callable[[int], None]) -> None:
    """Names the function that acts on a signal."""
    global _deliver
    _deliver = deliver


def raise_in_main(signum: int) -> None:
    """Delivers a signal: now when the main stack runs, else as soon as it goes on."""
    _kept.append(signum)
    _deliver_kept()


def handle_signals() -> None:
    """Takes what is in the mailbox, and delivers what can be delivered here."""
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
    """As C's ``system`` does: Ctrl-C is for the command, and whoever waits for it ignores it."""
    global _commands
    _commands += 1
    try:
        yield
        handle_signals()
    finally:
        _commands -= 1


def deliver() -> None:
    """Delivers what is in the mailbox where no script has the main stack, which this then is. Raises nothing."""
    if bridge.last_stack is not None:
        return  # the interpreter is ending, and the script's names are gone
    if stacks.MAIN.token:
        handle_signals()
        return
    stack = stacks.enter_main(_TOKEN_FOR_HANDLERS)
    try:
        stacks.run_in(stack, handle_signals)
    except BaseException as error:
        print("Exception ignored in a handler of a signal:", file=sys.stderr)
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
    """Acts between two steps of Python. C checks for signals in the middle of its work, too: then it is put off."""
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
    """Puts off what there is to do until a check comes between two steps.

    C checks at once, in each ``str()`` say, and the interpreter at every 51st step only (seen in 314.0.7). Did this
    take as many steps each time, that one could always be a step of this function, and never one of the script.
    """
    global _put_off_at, _steps_here
    if _put_off_at is None:
        _put_off_at = time.monotonic()
    _steps_here = (7 * _steps_here + 13) % 61
    for _ in range(_steps_here):
        pass
    host.signals.interrupt()


def _is_between_steps(frame: Any) -> bool:
    """Whether no C code is at work under the frame: a handler, a finalizer or another stack may use the same file.

    In a call that cannot be known, unless it is the standard streams that are at work; so the next checks decide. When
    they say the same for a while, the call is a long one of C (a search, say), which may be interrupted.
    """
    code = frame.f_code.co_code
    if frame.f_lasti < len(code) and code[frame.f_lasti] in _STEPS:
        return True
    # Read once: C checks for signals in these calls, too, and that check may clear what is read here.
    put_off_at = _put_off_at
    return put_off_at is not None and time.monotonic() - put_off_at > _PUT_OFF_AT_MOST_S and not _is_writing()


def _is_writing() -> bool:
    for stream in (sys.__stdout__, sys.__stderr__):
        try:
            stream.buffer.write(b"")  # type: ignore[union-attr]
        except RuntimeError:
            return True  # "reentrant call"
        except (ValueError, AttributeError):
            continue  # closed, or there is none
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
    """Stops a stack that is overdue, unless that has just been done."""
    now = time.monotonic()
    if now - stack.stopped_at >= _AGAIN_AFTER_S:
        stack.stopped_at = now
        raise bridge.DeadlineExceeded(_TOO_LONG)


def _cancel_once() -> None:
    """Raises Cancelled in the stack that runs, which has not heard of it yet: then it may clean up undisturbed."""
    if not stacks.running.is_cancelled:
        stacks.running.is_cancelled = True
        raise Cancelled("cancelled")


def _raise_exception(frame: Any) -> None:
    """Raises what another thread has set, in a step of the script: the steps of this package belong together."""
    if _package.has_file(frame.f_code.co_filename):
        _check_later()
    else:
        raise stacks.take_exception()


def _give_way(frame: Any) -> None:
    """Suspends a stack that has not been suspended since it was last asked."""
    global _suspensions
    if bridge.suspensions != _suspensions:
        _suspensions = bridge.suspensions
        return
    if not _package.has_file(frame.f_code.co_filename) and bridge.can_wait():
        bridge.sleep_ms(0)
