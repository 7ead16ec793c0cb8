"""``concurrent.futures``: pools of threads."""

import contextvars
import threading
from concurrent import futures
from typing import List

import pytest
from limits import LIMIT


def test_a_pool_works_on_several_things_at_a_time() -> None:
    meeting = threading.Barrier(8, timeout=LIMIT)

    def work(_: int) -> str:
        meeting.wait()
        return threading.current_thread().name

    with futures.ThreadPoolExecutor(8, thread_name_prefix="pool") as pool:
        names = set(pool.map(work, range(8)))
    assert len(names) == 8
    assert all(name.startswith("pool_") for name in names)


def test_results_come_in_the_order_of_the_calls_or_of_their_ends() -> None:
    ended = [threading.Event() for _ in range(4)]

    def end_before(number: int) -> int:
        ended[number + 1].wait(LIMIT)
        ended[number].set()
        return number

    ended[3].set()
    with futures.ThreadPoolExecutor(3) as pool:
        assert list(pool.map(end_before, range(3))) == [0, 1, 2]

        gates = [threading.Event() for _ in range(3)]
        waits = [pool.submit(gate.wait, LIMIT) for gate in gates]
        ends = futures.as_completed(waits)
        for number in (1, 2, 0):
            gates[number].set()
            assert next(ends) is waits[number]


def test_an_exception_reaches_whoever_asks_for_the_result() -> None:
    with futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            future.result()
        assert isinstance(future.exception(), ZeroDivisionError)


def test_a_result_is_waited_for_no_longer_than_the_timeout_and_what_has_not_begun_can_be_cancelled() -> None:
    begun, end = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        end.wait(LIMIT)

    with futures.ThreadPoolExecutor(1) as pool:
        first, second = pool.submit(wait), pool.submit(wait)
        assert begun.wait(LIMIT)
        with pytest.raises(futures.TimeoutError):
            first.result(timeout=0.005)
        done, not_done = futures.wait([first, second], timeout=0.005)
        assert (done, not_done) == (set(), {first, second})
        assert second.cancel()
        assert not first.cancel()
        end.set()


def test_initializers_run_in_each_thread_and_a_pool_that_is_shut_down_takes_nothing_more() -> None:
    begun: List[int] = []
    pool = futures.ThreadPoolExecutor(2, initializer=lambda: begun.append(threading.get_ident()))
    assert list(pool.map(abs, [-1, -2, -3])) == [1, 2, 3]
    pool.shutdown()
    assert 1 <= len(begun) <= 2
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        pool.submit(abs, 1)


def test_a_pools_threads_have_context_variables_of_their_own() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    variable.set("main")
    with futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(contextvars.copy_context().run, variable.get).result() == "main"
        pool.submit(variable.set, "pool").result()
    assert variable.get() == "main"
