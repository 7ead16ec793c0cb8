"""Stops of a call from outside, which are not an outcome of the script's code.

The code that calls functions of a script uses this module. It re-raises a stop, and converts all other exceptions to
outcomes.
"""

from __future__ import annotations

import asyncio
import contextvars

from .bridge import DeadlineExceeded
from .cancelled import Cancelled

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
