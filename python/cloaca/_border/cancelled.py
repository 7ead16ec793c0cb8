"""`Cancelled`: stops a task whose execution was cancelled. Raised by the engine where the task waits or computes."""

from __future__ import annotations


class Cancelled(BaseException):
    """Raised inside a task whose execution was cancelled, so that ``finally`` blocks and context managers clean up.

    They have 5 s for it; after that the interpreter is restarted. Not an ``Exception``: ``except Exception`` does not
    keep a cancelled task alive. Let it pass; who catches it raises it again. ``asyncio`` tasks get
    ``asyncio.CancelledError`` as ever. An addition: the native engine has no such class.

    Example:
        >>> try:
        ...     raise Cancelled("the execution was cancelled")
        ... except BaseException as error:
        ...     print(type(error).__name__)
        Cancelled
    """
