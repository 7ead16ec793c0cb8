"""``_thread.lock`` and ``_thread.RLock``: a stack that waits for a lock is suspended, and the others go on.

In Pyodide (seen in 314.0.7) a lock that is taken blocks the only thread there is, for ever. A lock that is free costs
no call to the host. One that is released while stacks wait is handed to the one that has waited longest, so that none
starves.
Can go when Pyodide has threads.
"""

from __future__ import annotations

import collections
from typing import Any, Deque, Optional, Tuple

from .. import _bridge, _stacks

#: The longest timeout in seconds, as ``threading.TIMEOUT_MAX`` has it.
_LONGEST_S = 9223372036.0


class _Waiter:
    """A stack that waits for a lock; ``is_granted`` once the lock is its own."""

    __slots__ = ("event", "ident", "is_granted")

    def __init__(self) -> None:
        self.event = _bridge.new_event()
        self.ident = _stacks.running.ident
        self.is_granted = False


def _timeout_ms(blocking: object, timeout: Any) -> float:
    """Milliseconds to wait, -1 for ever; refuses what ``acquire`` refuses."""
    if not isinstance(timeout, (int, float)):
        raise TypeError(f"'{type(timeout).__name__}' object cannot be interpreted as an integer")
    if timeout != timeout:
        raise ValueError("Invalid value NaN (not a number)")
    if not blocking and timeout != -1:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0 and timeout != -1:
        raise ValueError("timeout value must be a non-negative number")
    if timeout > _LONGEST_S:
        raise OverflowError("timeout value is too large")
    return -1 if timeout == -1 else timeout * 1000


class lock:
    """A lock object is a synchronization primitive. To create a lock, call threading.Lock()."""

    __slots__ = ("_is_locked", "_waiters", "__weakref__")
    __module__ = "_thread"

    _is_locked: bool
    _waiters: Optional[Deque[_Waiter]]

    def __new__(cls) -> lock:
        self = object.__new__(cls)
        self._is_locked = False
        self._waiters = None
        return self

    def __init_subclass__(cls) -> None:
        raise TypeError("type '_thread.lock' is not an acceptable base type")

    def acquire(self, blocking: Any = True, timeout: Any = -1) -> bool:
        """Lock the lock; wait for it unless ``blocking`` is false, no longer than ``timeout`` seconds."""
        limit_ms = -1 if blocking is True and timeout == -1 else _timeout_ms(blocking, timeout)
        if not self._is_locked:
            self._is_locked = True
            return True
        if not blocking or limit_ms == 0:
            return False
        return self._wait(limit_ms)

    def release(self) -> None:
        """Unlock the lock, which another thread may have locked; a thread that waits for it goes on."""
        if not self._is_locked:
            raise RuntimeError("release unlocked lock")
        if self._waiters:
            waiter = self._waiters.popleft()
            waiter.is_granted = True
            _bridge.set_event(waiter.event)
        else:
            self._is_locked = False

    def locked(self) -> bool:
        """Whether the lock is taken."""
        return self._is_locked

    def __enter__(self) -> bool:
        if not self._is_locked:
            self._is_locked = True
            return True
        return self._wait(-1)

    def __exit__(self, *_: object) -> None:
        self.release()

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked

    def _at_fork_reinit(self) -> None:
        self._is_locked = False
        self._waiters = None

    def _wait(self, limit_ms: float) -> bool:
        waiter = _Waiter()
        if self._waiters is None:
            self._waiters = collections.deque()
        self._waiters.append(waiter)
        try:
            _bridge.wait_event(waiter.event, limit_ms)
        except BaseException:
            if waiter.is_granted:
                self.release()
            else:
                self._waiters.remove(waiter)
            raise
        if not waiter.is_granted:
            self._waiters.remove(waiter)
        return waiter.is_granted

    def __repr__(self) -> str:
        state = "locked" if self._is_locked else "unlocked"
        return f"<{state} _thread.lock object at {id(self):#x}>"


class RLock:
    """A lock that the thread which has it may lock again."""

    __slots__ = ("_owner", "_count", "_waiters", "__weakref__")
    __module__ = "_thread"

    _owner: int
    _count: int
    _waiters: Optional[Deque[_Waiter]]

    def __new__(cls, *_: Any, **__: Any) -> RLock:
        self = object.__new__(cls)
        self._owner = 0
        self._count = 0
        self._waiters = None
        return self

    def acquire(self, blocking: Any = True, timeout: Any = -1) -> bool:
        """Lock the lock, or lock it once more; wait for it at most ``timeout`` seconds unless ``blocking`` is false."""
        limit_ms = -1 if blocking is True and timeout == -1 else _timeout_ms(blocking, timeout)
        me = _stacks.running.ident
        if self._count == 0:
            self._owner = me
            self._count = 1
            return True
        if self._owner == me:
            self._count += 1
            return True
        if not blocking or limit_ms == 0:
            return False
        return self._wait(limit_ms, 1)

    def release(self) -> None:
        """Unlock the lock once; after the last time another thread that waits for it goes on."""
        if self._count == 0 or self._owner != _stacks.running.ident:
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if self._count == 0:
            self._hand_over()

    def locked(self) -> bool:
        """Whether the lock is taken, by any thread."""
        return self._count != 0

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _hand_over(self) -> None:
        self._count = 0
        if self._waiters:
            waiter = self._waiters.popleft()
            waiter.is_granted = True
            self._owner = waiter.ident
            self._count = 1
            _bridge.set_event(waiter.event)
        else:
            self._owner = 0

    def _wait(self, limit_ms: float, count: int) -> bool:
        waiter = _Waiter()
        if self._waiters is None:
            self._waiters = collections.deque()
        self._waiters.append(waiter)
        try:
            _bridge.wait_event(waiter.event, limit_ms)
        except BaseException:
            if waiter.is_granted:
                self._hand_over()
            else:
                self._waiters.remove(waiter)
            raise
        if not waiter.is_granted:
            self._waiters.remove(waiter)
            return False
        self._count = count
        return True

    # What ``threading.Condition`` uses.

    def _is_owned(self) -> bool:
        return self._count != 0 and self._owner == _stacks.running.ident

    def _recursion_count(self) -> int:
        return self._count if self._is_owned() else 0

    def _release_save(self) -> Tuple[int, int]:
        if self._count == 0:
            raise RuntimeError("cannot release un-acquired lock")
        state = (self._count, self._owner)
        self._hand_over()
        return state

    def _acquire_restore(self, state: Tuple[int, int]) -> None:
        count, owner = state
        if self._count == 0:
            self._owner = owner
            self._count = count
        else:
            self._wait(-1, count)

    def _at_fork_reinit(self) -> None:
        self._owner = self._count = 0
        self._waiters = None

    def __repr__(self) -> str:
        state = "locked" if self._count else "unlocked"
        name = f"{type(self).__module__}.{type(self).__qualname__}"
        return f"<{state} {name} object owner={self._owner} count={self._count} at {id(self):#x}>"


def allocate_lock() -> lock:
    """Create a new lock object. See `lock`."""
    return lock()
