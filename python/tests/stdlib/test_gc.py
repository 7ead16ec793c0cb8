"""``gc``: garbage collection while other threads wait."""

import gc
import threading
import weakref
from typing import Any, List

import pytest


class Node:
    itself: Any


@pytest.fixture
def waiting_threads() -> Any:
    end = threading.Event()

    def wait(depth: int) -> None:
        local = [Node() for _ in range(10)]
        if depth:
            wait(depth - 1)
        else:
            end.wait()
        assert len(local) == 10

    threads = [threading.Thread(target=wait, args=(depth,)) for depth in range(0, 40, 4)]
    for thread in threads:
        thread.start()
    yield
    end.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("generation", [0, 1, 2])
def test_each_generation_can_be_collected_while_threads_wait(waiting_threads: None, generation: int) -> None:
    for _ in range(20):
        for _ in range(500):
            node = Node()
            node.itself = node
        gc.collect(generation)


def test_garbage_is_collected_automatically_while_threads_wait(waiting_threads: None) -> None:
    alive: List[Any] = []
    for _ in range(60_000):
        node = Node()
        node.itself = node
        alive.append(weakref.ref(node))
        if len(alive) % 5_000 == 0:
            threading.Event().wait(0)
    assert sum(ref() is not None for ref in alive) < 40_000


def test_gc_can_be_disabled_enabled_and_asked_for_statistics() -> None:
    assert gc.isenabled()
    gc.disable()
    assert not gc.isenabled()
    gc.enable()
    with pytest.raises(ValueError, match="invalid generation"):
        gc.collect(3)
    assert len(gc.get_stats()) == 3
