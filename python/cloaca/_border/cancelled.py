"""`Cancelled`: raised in a task whose execution was cancelled, while the task waits or computes."""

from __future__ import annotations


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
