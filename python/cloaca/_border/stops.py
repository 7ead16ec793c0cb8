"""What stops a call from outside, and is therefore no outcome of the script's code.

Asked by whatever calls functions of a script: each of them lets a stop through, and makes an outcome of all else.
"""

from __future__ import annotations

import asyncio
import contextvars

from .bridge import DeadlineExceeded
from .cancelled import Cancelled

#: Whether a unit test makes the call: Ctrl-C there, and what ``pytest.fail`` raises, are for who runs the test.
in_unit_test: contextvars.ContextVar[bool] = contextvars.ContextVar("cloaca_in_unit_test", default=False)

#: What is the script's own doing in a unit test, too.
OF_SCRIPTS = (Exception, SystemExit, asyncio.CancelledError)


def is_stop(error: BaseException) -> bool:
    """Whether what a call raised is to go through: its time is over, or its execution was cancelled.

    Everything else that a script raises is what its call comes to, also when it is no ``Exception``: a task that
    awaited what was cancelled fails as any other.
    """
    if isinstance(error, (DeadlineExceeded, Cancelled)):
        return True
    return in_unit_test.get() and not isinstance(error, OF_SCRIPTS)
