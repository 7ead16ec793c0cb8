"""Which stack runs now. Each poll, task, program and Python thread has a stack of its own, and an identity with it.

The interpreter has one thread of the system, and all its stacks share it: what makes a Python thread here is the stack.
``running`` is set when a stack is entered, when it goes on after a wait (``bridge``), and to `OUTSIDE` while none is
running; so it is right wherever Python code runs. A context variable would not do: it follows the context into
``Context.run`` and ``asyncio.to_thread``, not the stack.
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
    """The event loop of a script, as far as others ask for it: see ``_engine.script_loop``."""

    #: Whether one of its steps is at work: from one ``await`` to the next, or a callback.
    is_in_step: bool

    def will_wait(self) -> None:
        """Called before a wait within a step, during which the loop does nothing else."""
        ...

    def check_step(self, frame: Any, is_overdue: bool) -> bool:
        """Called now and then in a step, which may have taken too long: whether it should give way.

        It may raise DeadlineExceeded.
        """
        ...

    def run_meanwhile(self, wait: Callable[[], Any]) -> Any:
        """Makes a wait within a step, during which the loop goes on."""
        ...


class Stack:
    """One stack: its number as a thread, the host's number for the entry into Python, or 0, and whose script it runs.

    ``origin`` is the number of the entry for which it works: for a thread, that of the stack which started it. ``call``
    says whose output is what it prints: `NO_CALL` for nobody's, 0 for that of the entry in ``token``, else a token. A
    stack belongs to the generation of the one that makes it, unless another is given.
    """

    ident: int
    token: int
    origin: int
    call: int
    generation: Generation
    #: It has heard that it is cancelled, which it hears once.
    is_cancelled: bool = False
    #: When it was last stopped for being overdue, by the monotonic clock.
    stopped_at: float = float("-inf")
    #: Exception that another thread has set, to be raised as soon as Python's steps go on: see `take_exception`.
    exception: Any = None
    #: What runs on it when it is that of a script's event loop: see `Loop`.
    loop: Optional[Loop] = None

    def __init__(self, token: int = 0, generation: Optional[Generation] = None, origin: int = 0, call: int = 0) -> None:
        self.ident = next(_idents)
        self.token = token
        self.origin = token or origin
        self.call = call
        self.generation = running.generation if generation is None else generation

    def become(self, token: int, generation: Generation) -> None:
        """Makes the stack that runs another one, for the next entry: a new one costs twice as much.

        Nothing may have been added to it, and nobody else may know it.
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


#: Called with a stack that ends and to which something was added.
ended: Callable[[Stack], object] = id
#: How many a stack has to which nothing was added.
OWN_ATTRIBUTES = 5

#: Of a stack that works for no poll and no attempt.
NO_CALL = -1

#: The stack of the program, or of the script that is being loaded: Python's main thread.
MAIN = Stack(0, PROGRAM, call=NO_CALL)

#: No stack: a call from the host that cannot wait.
OUTSIDE = Stack(0, PROGRAM)

running: Stack = OUTSIDE

#: Its token, where the host's control thread can read it when everything else hangs.
running_token = array.array("i", [0])

#: Where the host finds whose output is what is printed: the ``call`` of the stack that runs; whether it is left out of
#: logs, since they have it already; and, set by the host, whether any poll or attempt has printed anything so far.
running_call = array.array("i", [0, 0, 0])
CALL, IS_LOGGED, HAS_PRINTED = 0, 1, 2


def _print_nothing() -> None:
    pass


#: Hands on what was printed, before another stack prints. Does nothing until there are polls and tasks.
write_out: Callable[[], None] = _print_nothing


def _output_token() -> int:
    call = running_call[CALL] or running_token[0]
    return call if call > 0 else 0


#: The poll or attempt whose output is what is printed now; 0 for none.
output_token: Callable[[], int] = _output_token


def _write_logged(write: Callable[[], object]) -> None:
    write_out()
    running_call[IS_LOGGED] = 1
    try:
        write()
    finally:
        running_call[IS_LOGGED] = 0


#: Calls a function that writes what logs have already.
write_logged: Callable[[Callable[[], object]], None] = _write_logged


def call_for_thread() -> int:
    """The ``call`` of a thread that the running stack starts."""
    stack = current()
    return stack.call or stack.token or NO_CALL


def get_ident() -> int:
    """Return a non-zero integer that no other thread has."""
    return running.ident


def _current() -> Stack:
    return running


#: The stack that runs now: of the interpreter, or, in a process of CPython, of the calling thread.
current: Callable[[], Stack] = _current


def connect_threads(
    current_of_thread: Callable[[], Stack],
    output_token_of_thread: Callable[[], int],
    write_logged_in_thread: Callable[[Callable[[], object]], None],
) -> None:
    """Has each thread of the process run a stack of its own. Called once, in a process of CPython."""
    global current, output_token, write_logged
    current, output_token, write_logged = current_of_thread, output_token_of_thread, write_logged_in_thread


def run_in(stack: Stack, function: Callable[..., Any], *arguments: Any) -> Any:
    """Runs a function as the first of a stack, in a context of its own, as a thread does."""
    previous = enter(stack)
    try:
        return contextvars.Context().run(function, *arguments)
    finally:
        leave(stack, previous)


def enter(stack: Stack) -> Stack:
    """Has a stack run from now on, until `leave`. Returns the one that ran before."""
    global running
    previous, running = running, stack
    running_token[0] = stack.token
    running_call[CALL] = stack.call
    _set_running_loop(None)
    return previous


def leave(stack: Stack, previous: Stack) -> None:
    """Ends a stack, after which the one before runs again."""
    global running
    try:
        if running_call[HAS_PRINTED]:
            write_out()
    finally:  # whatever interrupts that: a stack that is overdue is interrupted again and again while it runs
        running_token[0] = previous.token
        running_call[CALL] = previous.call
        running = previous
    if len(stack.__dict__) > OWN_ATTRIBUTES:  # `end`, without a call of it
        ended(stack)


def go_on_in(stack: Stack, function: Callable[[], Any]) -> None:
    """Runs a function as a further part of a stack whose identity another one has had so far."""
    global running
    running = stack
    _set_running_loop(None)
    try:
        contextvars.Context().run(function)
    finally:
        running_token[0] = 0
        running = OUTSIDE


def new_ident() -> int:
    """A number that no other stack has."""
    return next(_idents)


def end(stack: Stack) -> None:
    """Drops what was added to a stack. A thread calls it before its end, so that finalizers may wait."""
    if len(stack.__dict__) > OWN_ATTRIBUTES:
        ended(stack)


def work_for(stack: Stack, origin: int, call: int) -> None:
    """Has the running stack work for another entry than the one that it was started for."""
    stack.origin, stack.call = origin, call
    running_call[CALL] = call


def enter_main(token: int, generation: Generation = PROGRAM) -> Stack:
    """The main stack, entered under the given number; another one while the main stack is taken."""
    if MAIN.token:
        return Stack(token, generation, call=NO_CALL)
    MAIN.token = MAIN.origin = token
    MAIN.generation = generation
    return MAIN


def leave_main(stack: Stack) -> None:
    """Ends what `enter_main` began."""
    stack.token = stack.origin = 0
    stack.generation = PROGRAM
