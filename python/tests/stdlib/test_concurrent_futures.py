"""``concurrent.futures``: pools of threads."""

import contextvars
import threading
from concurrent import futures
from typing import List

import pytest
from limits import LIMIT


def test_a_thread_pool_of_eight_runs_eight_calls_at_the_same_time() -> None:
    meeting = threading.Barrier(8, timeout=LIMIT)

    def work(_: int) -> str:
        meeting.wait()
        return threading.current_thread().name

    with futures.ThreadPoolExecutor(8, thread_name_prefix="pool") as pool:
        names = set(pool.map(work, range(8)))
    assert len(names) == 8
    assert all(name.startswith("pool_") for name in names)


def test_map_returns_results_in_call_order_and_as_completed_in_order_of_completion() -> None:
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


def test_an_exception_in_a_call_is_raised_by_result_and_returned_by_exception() -> None:
    with futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            future.result()
        assert isinstance(future.exception(), ZeroDivisionError)


def test_a_wait_ends_at_its_timeout_and_only_a_call_that_has_not_begun_can_be_cancelled() -> None:
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


def test_initializers_run_in_each_thread_and_submit_is_refused_after_shutdown() -> None:
    begun: List[int] = []
    pool = futures.ThreadPoolExecutor(2, initializer=lambda: begun.append(threading.get_ident()))
    assert list(pool.map(abs, [-1, -2, -3])) == [1, 2, 3]
    pool.shutdown()
    assert 1 <= len(begun) <= 2
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        pool.submit(abs, 1)


def test_the_threads_of_a_pool_have_their_own_context_variables() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    variable.set("main")
    with futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(contextvars.copy_context().run, variable.get).result() == "main"
        pool.submit(variable.set, "pool").result()
    assert variable.get() == "main"
