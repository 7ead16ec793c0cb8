"""Stops of a call from outside, which are not an outcome of the script's code.

The code that calls functions of a script uses this module. It re-raises a stop, and converts all other exceptions to
outcomes.
"""

from __future__ import annotations

import asyncio
import contextvars


class DeadlineExceeded(BaseException):
    """Stops a poll or a task that exceeded its time limit.

    It is not an ``Exception``, so a script's ``except Exception`` does not keep an overdue call alive.
    """

    __module__ = "cloaca"


class Cancelled(BaseException):
    """Raised inside a task whose execution was cancelled, so that ``finally`` blocks and context managers can clean up.

    They have 5 s for this. After that, the interpreter is restarted. ``except Exception`` does not catch the class,
    because it is not an ``Exception``. If you catch it, raise it again. ``asyncio`` tasks get
    ``asyncio.CancelledError`` as usual. The native engine does not have this class.

    Example:
        >>> try:
        ...     raise Cancelled("the execution was cancelled")
        ... except BaseException as error:
        ...     print(type(error).__name__)
        Cancelled
    """


class Parked(BaseException):
    """Raised by `TaskHandle.run` in a task that has waited long for a child execution. Raise it again if you catch it.

    The attempt has to end with it, so that the task starts again after the end of the child. ``finally`` blocks and
    context managers run. ``except Exception`` does not catch the class, because it is not an ``Exception``. A task that
    catches it and returns fails. The native engine does not have this class.

    Example:
        >>> try:
        ...     raise Parked("the task starts again after the end of a child execution")
        ... except BaseException as error:
        ...     print(type(error).__name__)
        Parked
    """

    __module__ = "cloaca"


def is_parked(error: object, parked: Parked) -> bool:
    """Returns whether an exception is the given one, or a group that contains nothing else."""
    inner = getattr(error, "exceptions", None)
    return error is parked or (isinstance(inner, tuple) and all(is_parked(each, parked) for each in inner))


#: Whether a unit test makes the call. Then Ctrl-C, and the exception of ``pytest.fail``, are for the test runner.
in_unit_test: contextvars.ContextVar[bool] = contextvars.ContextVar("cloaca_in_unit_test", default=False)

#: Exceptions that belong to the script, even in a unit test.
OF_SCRIPTS = (Exception, SystemExit, asyncio.CancelledError)


def is_stop(error: BaseException) -> bool:
    """Returns whether an exception has to be re-raised: the call is overdue, or its execution was cancelled.

    All other exceptions are the outcome of the call, even if they are not an ``Exception``. For example, a task fails
    normally if it awaited something that was cancelled.
    """
    if isinstance(error, (DeadlineExceeded, Cancelled)):
        return True
    return in_unit_test.get() and not isinstance(error, OF_SCRIPTS)
