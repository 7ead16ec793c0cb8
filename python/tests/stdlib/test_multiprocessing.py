"""``multiprocessing``: synchronization and thread pools work; starting a process is refused."""

import multiprocessing
import multiprocessing.pool

import pytest

from cloaca._border import bridge

LIMIT_S = 30


def test_locks_queues_and_events_work_between_threads():
    lock, queue, event = multiprocessing.Lock(), multiprocessing.Queue(), multiprocessing.Event()
    with lock:
        queue.put({"n": 1.0})
        event.set()
    assert queue.get(timeout=LIMIT_S) == {"n": 1.0}
    assert event.wait(LIMIT_S)


def test_a_thread_pool_returns_results_in_order_and_propagates_exceptions():
    with multiprocessing.pool.ThreadPool(2) as pool:
        assert pool.map(lambda n: n * n, range(10)) == [n * n for n in range(10)]
        with pytest.raises(ZeroDivisionError):
            pool.apply(lambda: 1 // 0)


@pytest.mark.skipif(not bridge.has_engine(), reason="tests the engine's Python")
@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_starting_a_process_is_refused_with_every_start_method(method):
    with pytest.raises((OSError, ValueError)):
        multiprocessing.get_context(method).Process(target=print).start()
