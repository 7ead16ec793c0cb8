"""Running stack. Each poll, task, program and Python thread has its own stack with its own identity.

The interpreter has one thread of the system, which all its stacks share, so a Python thread here is a stack.
``running`` is set when a stack is entered and when it continues after a wait (``bridge``). It is `OUTSIDE` while no
stack runs. So it is correct wherever Python code runs. A context variable would not be correct, because it follows the
context into ``Context.run`` and ``asyncio.to_thread``, not the stack.
"""

from __future__ import annotations

import array
import contextvars
import itertools
from asyncio import _set_running_loop
from typing import Any, Callable, Optional, Protocol

from .generation import PROGRAM, Generation

_idents = itertools.count(1)


class Loop(Protocol):
    """Event loop of a script, as far as other modules use it: see ``_engine.script_loop``."""

    #: Whether a step is running: the code between two ``await`` expressions, or a callback.
    is_in_step: bool

    def will_wait(self) -> None:
        """Called before a wait within a step, during which the loop is blocked."""
        ...

    def check_step(self, frame: Any, is_overdue: bool) -> bool:
        """Called from time to time in a step that may take too long. Returns whether the step should yield.

        It may raise DeadlineExceeded.
        """
        ...

    def run_meanwhile(self, wait: Callable[[], Any]) -> Any:
        """Waits within a step, while the loop continues."""
        ...


class Stack:
    """One stack: its thread identity, its entry into Python, and the generation of its script.

    ``token`` is the host's number of the entry, or 0. ``origin`` is the number of the entry that it works for. For a
    thread, that is the entry of the stack that started it. ``call`` tells whose output it prints: `NO_CALL` for none, 0
    for the entry in ``token``, else a token. A stack belongs to the generation of the stack that creates it, unless
    another one is given.
    """

    ident: int
    token: int
    origin: int
    call: int
    generation: Generation
    #: Whether it was notified of its cancellation, which happens once.
    is_cancelled: bool = False
    #: Monotonic time at which it was last stopped because it was overdue.
    stopped_at: float = float("-inf")
    #: Exception that another thread has set. It is raised when Python continues: see `take_exception`.
    exception: Any = None
    #: Loop that runs on it, if it is the stack of a script's event loop.
    loop: Optional[Loop] = None

    def __init__(self, token: int = 0, generation: Optional[Generation] = None, origin: int = 0, call: int = 0) -> None:
        self.ident = next(_idents)
        self.token = token
        self.origin = token or origin
        self.call = call
        self.generation = running.generation if generation is None else generation

    def become(self, token: int, generation: Generation) -> None:
        """Makes the running stack another one for the next entry, because a new stack costs twice as much.

        Nothing may have been added to the stack, and no other code may refer to it.
        """
        self.ident = next(_idents)
        self.token = self.origin = token
        self.call = 0
        self.generation = generation
        running_token[0] = token
        running_call[CALL] = 0


def take_exception() -> Any:
    """Returns the exception that another thread has set for the running stack, or None, and clears it."""
    exception = running.exception
    if exception is not None:
        del running.exception
    return exception


#: Called with an ending stack that has additional attributes.
ended: Callable[[Stack], object] = id
#: Number of attributes of a stack to which nothing was added.
OWN_ATTRIBUTES = 5

#: Call of a stack that works for no poll and no attempt.
NO_CALL = -1

#: Stack of the program, or of the script that is being loaded. It is Python's main thread.
MAIN = Stack(0, PROGRAM, call=NO_CALL)

#: Stand-in while no stack runs: a call from the host that cannot wait.
OUTSIDE = Stack(0, PROGRAM)

running: Stack = OUTSIDE

#: Token of the running stack, which the host's control thread can read even if everything else hangs.
running_token = array.array("i", [0])

#: Origin of printed output, for the host: the ``call`` of the running stack, whether the output is left out of logs
#: because they already have it, and, set by the host, whether any poll or attempt has printed anything so far.
running_call = array.array("i", [0, 0, 0])
CALL, IS_LOGGED, HAS_PRINTED = 0, 1, 2


def _print_nothing() -> None:
    pass


#: Flushes printed output before another stack prints. Does nothing until there are polls and tasks.
write_out: Callable[[], None] = _print_nothing


def _output_token() -> int:
    call = running_call[CALL] or running_token[0]
    return call if call > 0 else 0


#: Returns the token of the poll or attempt that prints now, or 0.
output_token: Callable[[], int] = _output_token


def _write_logged(write: Callable[[], object]) -> None:
    write_out()
    running_call[IS_LOGGED] = 1
    try:
        write()
    finally:
        running_call[IS_LOGGED] = 0


#: Calls a function whose output logs already have.
write_logged: Callable[[Callable[[], object]], None] = _write_logged


def call_for_thread() -> int:
    """Returns the ``call`` of a thread that the running stack starts."""
    stack = current()
    return stack.call or stack.token or NO_CALL


def get_ident() -> int:
    """Return a non-zero integer that identifies the calling thread."""
    return running.ident


def _current() -> Stack:
    return running


#: Returns the running stack: that of the interpreter, or, in a process of CPython, that of the calling thread.
current: Callable[[], Stack] = _current


def connect_threads(
    current_of_thread: Callable[[], Stack],
    output_token_of_thread: Callable[[], int],
    write_logged_in_thread: Callable[[Callable[[], object]], None],
) -> None:
    """Gives each thread of the process its own stack. Called once, in a process of CPython."""
    global current, output_token, write_logged
    current, output_token, write_logged = current_of_thread, output_token_of_thread, write_logged_in_thread


def run_in(stack: Stack, function: Callable[..., Any], *arguments: Any) -> Any:
    """Runs the first function of a stack in its own context, as a thread does."""
    previous = enter(stack)
    try:
        return contextvars.Context().run(function, *arguments)
    finally:
        leave(stack, previous)


def enter(stack: Stack) -> Stack:
    """Makes a stack the running one until `leave`. Returns the previous one."""
    global running
    previous, running = running, stack
    running_token[0] = stack.token
    running_call[CALL] = stack.call
    _set_running_loop(None)
    return previous


def leave(stack: Stack, previous: Stack) -> None:
    """Ends a stack and makes the previous one the running one."""
    global running
    try:
        if running_call[HAS_PRINTED]:
            write_out()
    finally:  # even if it is interrupted, because an overdue stack is interrupted repeatedly
        running_token[0] = previous.token
        running_call[CALL] = previous.call
        running = previous
    if len(stack.__dict__) > OWN_ATTRIBUTES:  # inlined `end`
        ended(stack)


def go_on_in(stack: Stack, function: Callable[[], Any]) -> None:
    """Runs a function as a further part of a stack, whose identity another stack had until now."""
    global running
    running = stack
    _set_running_loop(None)
    try:
        contextvars.Context().run(function)
    finally:
        running_token[0] = 0
        running = OUTSIDE


def new_ident() -> int:
    """Returns a number that no other stack has."""
    return next(_idents)


def end(stack: Stack) -> None:
    """Deletes the additional attributes of a stack. A thread calls it before its end, so that finalizers can wait."""
    if len(stack.__dict__) > OWN_ATTRIBUTES:
        ended(stack)


def work_for(stack: Stack, origin: int, call: int) -> None:
    """Makes the running stack work for another entry than the one that it was started for."""
    stack.origin, stack.call = origin, call
    running_call[CALL] = call


def enter_main(token: int, generation: Generation = PROGRAM) -> Stack:
    """Enters the main stack with the given token. Returns another stack while the main stack is in use."""
    if MAIN.token:
        return Stack(token, generation, call=NO_CALL)
    MAIN.token = MAIN.origin = token
    MAIN.generation = generation
    return MAIN


def leave_main(stack: Stack) -> None:
    """Leaves the stack that `enter_main` returned."""
    stack.token = stack.origin = 0
    stack.generation = PROGRAM
