"""Functions that the socket adaptations share: the host's sockets, and waiting for one of them.

This module replaces nothing. A wait suspends only the calling stack, and a deadline or a signal ends it.
"""

from __future__ import annotations

import errno
import os
import time
from typing import Any, Callable, Dict, NoReturn, Optional, Sequence

from .._border import bridge, host
from .._border.javascript import array_of

READABLE, WRITABLE, BROKEN, HUNG_UP, NOT_OPEN = 1, 4, 8, 16, 32

#: Functions that create the exception for a code that is not the name of an errno, by the code's prefix. Each receives
#: the rest of the code.
errors_by_prefix: Dict[str, Callable[[str], BaseException]] = {}


class Deadline:
    """Time at which a blocking call has to give up. The timeout None means never, and 0 means immediately."""

    def __init__(self, timeout: Optional[float]) -> None:
        self.timeout = timeout
        self._end = None if timeout is None else time.monotonic() + timeout
        self._has_checked_again = False

    def left_ms(self) -> float:
        """Returns the milliseconds left. A negative number means no limit."""
        return -1 if self._end is None else max(0.0, (self._end - time.monotonic()) * 1000)

    def may_check_again(self) -> bool:
        """Lets pending events happen, once. Otherwise a script that polls without waiting would never see a change."""
        if self._has_checked_again or not bridge.can_wait():
            return False
        self._has_checked_again = True
        bridge.sleep_ms(0)
        return True


def give_way() -> None:
    """Lets a woken thread continue, as system calls do under python even if they do not wait."""
    if bridge.is_waited_for() and bridge.can_wait():
        bridge.sleep_ms(0)


def wait_ready(numbers: Sequence[int], bits: Sequence[int], left_ms: float) -> bool:
    """Suspends the calling stack until one of the host's sockets is ready. Returns False if the time is over first."""
    return _wait(host.sockets.watch, numbers, bits, left_ms)


def wait_descriptors(descriptors: Sequence[int], bits: Sequence[int], left_ms: float) -> bool:
    """Suspends the calling stack until one of the descriptors (sockets, pipes, files) is ready, like `wait_ready`."""
    return _wait(host.sockets.watch_descriptors, descriptors, bits, left_ms)


def _wait(watch: Callable[[int, Any, Any], None], numbers: Sequence[int], bits: Sequence[int], left_ms: float) -> bool:
    event = bridge.new_event()
    watch(event, array_of(list(numbers)), array_of(list(bits)))
    try:
        return bridge.wait_event(event, left_ms)
    finally:
        host.sockets.unwatch(event)


def wait_or_time_out(number: int, bits: int, deadline: Deadline) -> None:
    """Waits until the socket may be ready. Raises the exceptions of a socket that has a timeout."""
    if deadline.timeout == 0:
        if deadline.may_check_again():
            return
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    left = deadline.left_ms()
    if left == 0 or not wait_ready((number,), (bits,), left):
        raise TimeoutError("timed out")


def fail(name: str) -> NoReturn:
    """Raises the OSError for the name of an errno, or the exception of `errors_by_prefix` for another code."""
    for prefix, error_of in errors_by_prefix.items():
        if name.startswith(prefix):
            raise error_of(name.removeprefix(prefix))
    number = getattr(errno, name, errno.EIO)
    raise OSError(number, os.strerror(number))


#: Timeout of sockets that are created from now on.
default_timeout: Optional[float] = None


def getdefaulttimeout() -> Optional[float]:
    """Returns the default timeout in seconds (float) for new socket objects. None means that they have no timeout."""
    return default_timeout


def setdefaulttimeout(timeout: Any, /) -> None:
    """Set the default timeout in seconds (float) for new socket objects."""
    global default_timeout
    default_timeout = checked_timeout(timeout)


def timeout_number(value: Any, refusal: str) -> Optional[float]:
    """Converts a timeout to a float. Raises TypeError with the text ``refusal`` if it is not a number."""
    if value is None:
        return None
    if isinstance(value, str) or not (hasattr(value, "__float__") or hasattr(value, "__index__")):
        raise TypeError(refusal)
    return float(value)


def checked_timeout(timeout: Any) -> Optional[float]:
    """Returns the timeout of a socket in seconds, or None if it has none."""
    value = timeout_number(timeout, f"'{timeout.__class__.__name__}' object cannot be interpreted as an integer")
    if value is None:
        return None
    if value != value:
        raise ValueError("Invalid value NaN (not a number)")
    if value < 0:
        raise ValueError("Timeout value out of range")
    if value > 9e9:
        raise OverflowError("timestamp too large to convert to C PyTime_t")
    return value
