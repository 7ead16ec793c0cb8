"""Types of the functions of triggers, tasks and callbacks, for type checkers.

They are the bounds of the type variables of the decorators, which return the decorated function. A function without
annotations matches if its parameters do.
"""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Dict, List, Optional, Protocol, Union

from .._context import Context
from .._handle import TaskHandle
from .._result import TriggerResult

#: Return value of a poll: a `TriggerResult`, a list of those that fire, True or False.
PollAnswer = Union[TriggerResult, List[TriggerResult], bool]


class StateFunction(Protocol):
    """Function of a polled trigger that takes the state of the trigger, a dict that it can change."""

    def __call__(self, state: Dict[str, Any]) -> Union[PollAnswer, Awaitable[PollAnswer]]:
        """Polls the trigger."""
        ...


#: Function of a polled trigger, without parameters or with its state. It may be ``async``.
PollFunction = Union[Callable[[], Union[PollAnswer, Awaitable[PollAnswer]]], StateFunction]

#: Return value of a task. None means its unchanged input.
TaskOutput = Union[Context, None, Awaitable[Optional[Context]]]


class HandleFunction(Protocol):
    """Function of a task with a handle, whose second parameter has the first of the two allowed names."""

    def __call__(self, context: Context, /, handle: TaskHandle) -> TaskOutput:
        """Runs the task."""


class TaskHandleFunction(Protocol):
    """Function of a task with a handle, whose second parameter has the second of the two allowed names."""

    def __call__(self, context: Context, /, task_handle: TaskHandle) -> TaskOutput:
        """Runs the task."""


#: Body of a task. It may be ``async``.
TaskFunction = Union[Callable[[Context], TaskOutput], HandleFunction, TaskHandleFunction]

#: Function ``on_success(task_id, context)``. Its return value is ignored.
SuccessCallback = Callable[[str, Context], object]

#: Function ``on_failure(task_id, error, context)``. Its return value is ignored.
FailureCallback = Callable[[str, str, Context], object]

#: Function ``post_invocation(context)``, called after a task's graph. It may be ``async``. It can return a new output.
PostInvocation = Callable[[Context], object]
