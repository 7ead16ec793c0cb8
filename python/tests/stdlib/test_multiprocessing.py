"""What needs no process of its own works on threads; a process is refused, and what to do is said."""

import multiprocessing
import multiprocessing.pool

import pytest

from cloaca._border import bridge

LIMIT_S = 30


def test_locks_queues_and_events_serve_threads():
    lock, queue, event = multiprocessing.Lock(), multiprocessing.Queue(), multiprocessing.Event()
    with lock:
        queue.put({"n": 1.0})
        event.set()
    assert queue.get(timeout=LIMIT_S) == {"n": 1.0}
    assert event.wait(LIMIT_S)


def test_a_pool_of_threads_gives_results_in_order_and_hands_on_what_is_raised():
    with multiprocessing.pool.ThreadPool(2) as pool:
        assert pool.map(lambda n: n * n, range(10)) == [n * n for n in range(10)]
        with pytest.raises(ZeroDivisionError):
            pool.apply(lambda: 1 // 0)


@pytest.mark.skipif(not bridge.has_engine(), reason="about the engine")
@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_a_process_is_refused_whatever_its_start_method(method):
    with pytest.raises((OSError, ValueError)):
        multiprocessing.get_context(method).Process(target=print).start()
