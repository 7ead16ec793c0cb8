"""``_thread.lock`` and ``_thread.RLock``: a lock suspends only the stack that waits for it, and other stacks continue.

In Pyodide (seen in 314.0.7) a taken lock blocks the only thread forever. A free lock needs no call of the host. As
under CPython, any stack can take a released lock, and one of the waiting stacks is woken to try it. If that stack has
waited for a long time, the lock is handed over to it, so no stack starves. Can be deleted when Pyodide has threads.

Proved by ``python/tests/stdlib/test_threading.py``.
"""

from __future__ import annotations

import collections
import time
from typing import Any, Deque, Optional, Tuple, Union

from ..._border import bridge, stacks

#: Maximum timeout in seconds: ``threading.TIMEOUT_MAX``.
_LONGEST_S = 9223372036.0
#: Waiting time after which a stack gets the lock before all other stacks.
_HANDED_OVER_AFTER_S = 0.001


class _Waiter:
    """Stack that waits for a lock.

    ``is_woken`` means that it left the queue, and ``is_granted`` that it owns the lock.
    """

    __slots__ = ("event", "ident", "is_granted", "is_woken", "handed_over_after")

    def __init__(self) -> None:
        self.event = 0
        self.ident = stacks.running.ident
        self.is_granted = self.is_woken = False
        self.handed_over_after = time.monotonic() + _HANDED_OVER_AFTER_S


def _wait(lock: Union[lock, RLock], limit_ms: float) -> bool:
    """Waits until this stack takes the lock. Returns False after ``limit_ms``, which is negative for no limit."""
    until = None if limit_ms < 0 else time.monotonic() + limit_ms / 1000
    waiter = _Waiter()
    if lock._waiters is None:
        lock._waiters = collections.deque()
    lock._waiters.append(waiter)
    while True:
        waiter.event = bridge.new_event()
        left_ms = -1 if until is None else max(0.0, until - time.monotonic()) * 1000
        try:
            bridge.wait_event(waiter.event, left_ms)
        except BaseException:
            _give_up(lock, waiter)
            raise
        if waiter.is_granted:
            return True
        if not lock.locked():
            _leave(lock, waiter)
            lock._take(waiter.ident)
            return True
        if until is not None and time.monotonic() >= until:
            _leave(lock, waiter)
            return False
        if waiter.is_woken:
            waiter.is_woken = False
            lock._waiters.appendleft(waiter)


def _leave(lock: Union[lock, RLock], waiter: _Waiter) -> None:
    if not waiter.is_woken and lock._waiters is not None:
        lock._waiters.remove(waiter)


def _give_up(lock: Union[lock, RLock], waiter: _Waiter) -> None:
    """Leaves the queue without the lock, and wakes another stack instead."""
    _leave(lock, waiter)
    if waiter.is_granted:
        lock._free()
    elif not lock.locked():
        _wake_next(lock)


def _wake_next(lock: Union[lock, RLock]) -> None:
    """Wakes the stack that has waited longest for a lock that was released."""
    if not lock._waiters:
        return
    waiter = lock._waiters.popleft()
    waiter.is_woken = True
    if time.monotonic() > waiter.handed_over_after:
        waiter.is_granted = True
        lock._take(waiter.ident)
    bridge.set_event(waiter.event)


def _timeout_ms(blocking: object, timeout: Any) -> float:
    """Returns the milliseconds to wait, or -1 for no limit. Rejects the same arguments as ``acquire``."""
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


class lock:  # the name that scripts see
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
        """Lock the lock. Unless ``blocking`` is false, wait for it for at most ``timeout`` seconds."""
        limit_ms = -1 if blocking is True and timeout == -1 else _timeout_ms(blocking, timeout)
        if not self._is_locked:
            self._is_locked = True
            return True
        if not blocking or limit_ms == 0:
            return False
        return _wait(self, limit_ms)

    def release(self) -> None:
        """Release the lock, which another thread may have acquired."""
        if not self._is_locked:
            raise RuntimeError("release unlocked lock")
        self._is_locked = False
        if self._waiters:
            _wake_next(self)

    def locked(self) -> bool:
        """Return whether the lock is in its locked state."""
        return self._is_locked

    def __enter__(self) -> bool:
        if not self._is_locked:
            self._is_locked = True
            return True
        return _wait(self, -1)

    def __exit__(self, *_: object) -> None:
        self.release()

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked

    def _take(self, ident: int) -> None:
        self._is_locked = True

    def _free(self) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._is_locked = False
        self._waiters = None

    def __repr__(self) -> str:
        state = "locked" if self._is_locked else "unlocked"
        return f"<{state} _thread.lock object at {id(self):#x}>"


class RLock:
    """Reentrant lock: the thread that owns it can acquire it again."""

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
        """Lock the lock, also if this thread owns it.

        Unless ``blocking`` is false, wait for at most ``timeout`` seconds.
        """
        limit_ms = -1 if blocking is True and timeout == -1 else _timeout_ms(blocking, timeout)
        me = stacks.running.ident
        if self._count == 0:
            self._owner = me
            self._count = 1
            return True
        if self._owner == me:
            self._count += 1
            return True
        if not blocking or limit_ms == 0:
            return False
        return _wait(self, limit_ms)

    def release(self) -> None:
        """Release the lock once. After the last release it is free."""
        if self._count == 0 or self._owner != stacks.running.ident:
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if self._count == 0:
            self._free()

    def locked(self) -> bool:
        """Return whether any thread owns the lock."""
        return self._count != 0

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _take(self, ident: int) -> None:
        self._owner = ident
        self._count = 1

    def _free(self) -> None:
        self._owner = self._count = 0
        if self._waiters:
            _wake_next(self)

    # Methods that ``threading.Condition`` uses.

    def _is_owned(self) -> bool:
        return self._count != 0 and self._owner == stacks.running.ident

    def _recursion_count(self) -> int:
        return self._count if self._is_owned() else 0

    def _release_save(self) -> Tuple[int, int]:
        if self._count == 0:
            raise RuntimeError("cannot release un-acquired lock")
        state = (self._count, self._owner)
        self._free()
        return state

    def _acquire_restore(self, state: Tuple[int, int]) -> None:
        count, owner = state
        if self._count == 0:
            self._take(owner)
        else:
            _wait(self, -1)
        self._count = count

    def _at_fork_reinit(self) -> None:
        self._owner = self._count = 0
        self._waiters = None

    def __repr__(self) -> str:
        state = "locked" if self._count else "unlocked"
        name = f"{type(self).__module__}.{type(self).__qualname__}"
        return f"<{state} {name} object owner={self._owner} count={self._count} at {id(self):#x}>"
