"""``threading``: threads, locks, conditions, events, barriers and timers."""

import contextvars
import sys
import threading
import time
from typing import Any, Callable, List

import pytest
from limits import LIMIT


def run(*targets: Callable[[], Any]) -> List[threading.Thread]:
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    return threads


def join(threads: List[threading.Thread]) -> None:
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()


def test_a_thread_has_its_own_identifier_and_name() -> None:
    seen: List[Any] = []
    thread = threading.Thread(target=lambda: seen.append(threading.current_thread()), name="worker")
    assert thread.ident is None
    thread.start()
    thread.join()
    assert seen == [thread]
    assert thread.ident not in (None, threading.get_ident())
    assert threading.current_thread() is threading.main_thread()
    assert thread.name == "worker"


def test_sleeps_of_ten_threads_overlap() -> None:
    asleep: List[int] = []

    def sleep_until_all_do() -> None:
        asleep.append(threading.get_ident())
        while len(asleep) < 10:
            time.sleep(0.001)

    join(run(*[sleep_until_all_do] * 10))
    assert len(set(asleep)) == 10


def test_computing_threads_take_turns() -> None:
    is_done: List[bool] = []

    def compute() -> None:
        while not is_done:
            pass

    threads = run(compute)
    time.sleep(0.001)
    is_done.append(True)
    join(threads)


@pytest.mark.parametrize("make", [threading.Lock, threading.RLock, threading.Semaphore, threading.Condition])
def test_a_lock_is_held_by_one_thread_at_a_time(make: Callable[[], Any]) -> None:
    lock, order = make(), []  # type: ignore[var-annotated]

    def work(number: int) -> None:
        with lock:
            order.append(number)
            time.sleep(0.001)
            order.append(number)

    join(run(*[lambda number=number: work(number) for number in range(5)]))  # type: ignore[misc]
    assert order[::2] == order[1::2]


def test_acquiring_a_held_lock_fails_after_its_timeout() -> None:
    lock = threading.Lock()
    assert lock.acquire()
    assert not lock.acquire(blocking=False)
    begin = time.monotonic()
    assert not lock.acquire(timeout=0.02)
    assert time.monotonic() - begin >= 0.02
    lock.release()
    with pytest.raises(RuntimeError, match="release unlocked lock"):
        lock.release()


def test_a_reentrant_lock_belongs_to_its_thread() -> None:
    lock, seen = threading.RLock(), []  # type: ignore[var-annotated]
    with lock, lock:
        join(run(lambda: seen.append(lock.acquire(blocking=False))))
        assert seen == [False]
    with pytest.raises(RuntimeError, match="cannot release un-acquired lock"):
        lock.release()


def test_a_condition_wakes_waiting_threads() -> None:
    condition, items, taken = threading.Condition(), [], []  # type: ignore[var-annotated]

    def consume() -> None:
        with condition:
            assert condition.wait_for(lambda: items, timeout=LIMIT)
            taken.append(items.pop())

    threads = run(consume, consume)
    for item in (1, 2):
        with condition:
            items.append(item)
            condition.notify()
    join(threads)
    assert sorted(taken) == [1, 2]
    with condition:
        assert not condition.wait(0.001)


def test_setting_an_event_wakes_all_waiting_threads() -> None:
    event, passed = threading.Event(), []  # type: ignore[var-annotated]
    threads = run(*[lambda: passed.append(event.wait(LIMIT))] * 3)
    assert not event.wait(0.001)
    event.set()
    join(threads)
    assert passed == [True] * 3


def test_releasing_a_bounded_semaphore_more_often_than_acquired_raises_value_error() -> None:
    semaphore = threading.BoundedSemaphore(2)
    assert semaphore.acquire() and semaphore.acquire()
    assert not semaphore.acquire(timeout=0.001)
    semaphore.release()
    semaphore.release()
    with pytest.raises(ValueError, match="released too many times"):
        semaphore.release()


def test_a_barrier_releases_its_threads_together_and_breaks_at_a_timeout() -> None:
    barrier, order = threading.Barrier(3, timeout=LIMIT), []  # type: ignore[var-annotated]
    join(run(*[lambda: order.append(barrier.wait())] * 3))
    assert sorted(order) == [0, 1, 2]
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait(timeout=0.001)
    assert barrier.broken


def test_a_timer_calls_its_function_unless_it_is_cancelled() -> None:
    called: List[str] = []
    soon = threading.Timer(0.005, called.append, ["soon"])
    never = threading.Timer(LIMIT, called.append, ["never"])
    for timer in (soon, never):
        timer.start()
    never.cancel()
    join([soon, never])
    assert called == ["soon"]


def test_joining_a_daemon_thread_ends_after_its_timeout() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait, daemon=True)
    thread.start()
    thread.join(0.005)
    assert thread.is_alive()
    assert thread in threading.enumerate()
    end.set()
    join([thread])


def test_a_thread_cannot_be_started_twice_nor_join_itself() -> None:
    seen: List[str] = []

    def join_itself() -> None:
        try:
            threading.current_thread().join()
        except RuntimeError as error:
            seen.append(str(error))

    threads = run(join_itself)
    join(threads)
    assert seen == ["cannot join current thread"]
    with pytest.raises(RuntimeError, match="threads can only be started once"):
        threads[0].start()


def test_an_exception_in_a_thread_is_passed_to_excepthook(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: List[Any] = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    threads = run(lambda: 1 / 0)
    join(threads)
    assert [(each.exc_type, each.thread) for each in seen] == [(ZeroDivisionError, threads[0])]


def test_a_context_variable_set_in_one_thread_does_not_change_in_another() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    variable.set("main")
    seen: List[str] = []
    context = contextvars.copy_context()
    threads = run(lambda: seen.append(context.run(variable.get)), lambda: variable.set("other"))
    join(threads)
    assert seen == ["main"]
    assert variable.get() == "main"


def test_settrace_applies_to_threads_started_later() -> None:
    seen: List[str] = []

    def trace(frame: Any, event: str, argument: Any) -> None:
        seen.append(frame.f_code.co_name)

    def traced() -> None:
        pass

    threading.settrace(trace)
    try:
        join(run(traced))
    finally:
        threading.settrace(None)  # type: ignore[arg-type]
    assert "traced" in seen
    assert sys.gettrace() is not trace


# ------------------------------------------------------------------- exceptions that another thread sets, by ``ctypes``


class Stopped(Exception):
    pass


def set_exception(thread_id: int, exception: Any) -> int:
    ctypes = pytest.importorskip("ctypes")
    return int(ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), ctypes.py_object(exception)))


def test_a_thread_can_set_an_exception_for_itself() -> None:
    with pytest.raises(Stopped):
        set_exception(threading.get_ident(), Stopped)
        until = time.monotonic() + LIMIT
        while time.monotonic() < until:
            pass


@pytest.mark.parametrize("step", [lambda: None, lambda: time.sleep(0.001)], ids=["computes", "waits"])
def test_an_exception_set_by_another_thread_ends_a_running_thread(step: Callable[[], None]) -> None:
    has_begun, ends = threading.Event(), []

    def work() -> None:
        try:
            until = time.monotonic() + LIMIT
            while time.monotonic() < until:
                has_begun.set()
                step()
        except Stopped:
            ends.append("stopped")

    (thread,) = run(work)
    assert has_begun.wait(LIMIT)

    assert set_exception(thread.ident or 0, Stopped) == 1

    join([thread])
    assert ends == ["stopped"]


def test_an_exception_set_by_another_thread_is_raised_after_the_current_wait() -> None:
    waits, go_on, ends = threading.Event(), threading.Event(), []

    def wait() -> None:
        try:
            waits.set()
            go_on.wait(LIMIT)
            ends.append("went on")
        except Stopped:
            ends.append("stopped")

    (thread,) = run(wait)
    assert waits.wait(LIMIT)
    set_exception(thread.ident or 0, Stopped)
    thread.join(0.05)
    assert ends == []

    go_on.set()

    join([thread])
    assert ends == ["stopped"]


def test_setting_an_exception_for_an_ended_thread_returns_0() -> None:
    (thread,) = run(lambda: None)
    join([thread])

    assert set_exception(thread.ident or 0, Stopped) == 0


def test_an_exception_set_by_another_thread_can_be_cleared() -> None:
    waits, go_on, ends = threading.Event(), threading.Event(), []

    def wait() -> None:
        waits.set()
        go_on.wait(LIMIT)
        ends.append("went on")

    (thread,) = run(wait)
    assert waits.wait(LIMIT)
    ctypes = pytest.importorskip("ctypes")
    set_exception(thread.ident or 0, Stopped)

    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), None) == 1

    go_on.set()
    join([thread])
    assert ends == ["went on"]
