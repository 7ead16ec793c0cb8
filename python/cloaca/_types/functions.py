"""What the functions of triggers, tasks and callbacks look like to type checkers.

They bound the type variables of the decorators, which return the very function that they were given. A function
without annotations fits as long as its parameters do.
"""

from __future__ import annotations

from typing import Awaitable, Callable, Iterator, Optional, Protocol, TypeVar, Union

from .._context import Context
from .._handle import TaskHandle
from .._result import TriggerResult

#: What a poll may say; only a real ``bool`` is one.
PollAnswer = Union[TriggerResult, bool]

#: A function that is polled: without arguments, and it may be ``async``.
PollFunction = Callable[[], Union[PollAnswer, Awaitable[PollAnswer]]]

#: What a task may return; None stands for its unchanged input.
TaskOutput = Union[Context, None, Awaitable[Optional[Context]]]


class HandleFunction(Protocol):
    """A task that takes a handle: its second parameter has one of two names, this is one of them."""

    def __call__(self, context: Context, /, handle: TaskHandle) -> TaskOutput:
        """Runs the task."""


class TaskHandleFunction(Protocol):
    """A task that takes a handle, under the other of the two names."""

    def __call__(self, context: Context, /, task_handle: TaskHandle) -> TaskOutput:
        """Runs the task."""


#: The body of a task; it may be ``async``.
TaskFunction = Union[Callable[[Context], TaskOutput], HandleFunction, TaskHandleFunction]

#: ``on_success(task_id, context)``. What it returns is ignored.
SuccessCallback = Callable[[str, Context], object]

#: ``on_failure(task_id, error, context)``. What it returns is ignored.
FailureCallback = Callable[[str, str, Context], object]

#: ``post_invocation(context)``, after the graph of a task; it may be ``async``. A `Context` replaces the output.
PostInvocation = Callable[[Context], object]

T_co = TypeVar("T_co", covariant=True)


class ListOf(Protocol[T_co]):
    """A list, tuple or another sequence, but not a text, which is a sequence of its characters to type checkers."""

    # Of a text this takes texts only: so a text does not fit.
    def __contains__(self, value: object, /) -> bool: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[T_co]: ...

    def __getitem__(self, index: int, /) -> T_co: ...
