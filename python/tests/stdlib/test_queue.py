"""``queue``: transfer of items between threads."""

import importlib
import queue
import sys
import threading
import time
from typing import Any, Iterator, List

import pytest


@pytest.fixture(params=["Queue", "SimpleQueue", "freshly imported SimpleQueue"])
def any_queue(request: Any) -> Iterator[Any]:
    if request.param != "freshly imported SimpleQueue":
        yield getattr(queue, request.param)()
        return
    imported = {name: sys.modules.pop(name) for name in ("queue", "_queue")}
    try:
        yield importlib.import_module("queue").SimpleQueue()
    finally:
        sys.modules.update(imported)


def test_ten_producers_and_ten_consumers_transfer_every_item_once(any_queue: Any) -> None:
    wanted: List[int] = list(range(500))
    left, taken = wanted[::-1], []

    def feed() -> None:
        while left:
            any_queue.put(left.pop())
            time.sleep(0)
        any_queue.put(None)

    def consume() -> None:
        for item in iter(any_queue.get, None):
            taken.append(item)

    threads = [threading.Thread(target=target) for target in [feed, consume] * 10]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == wanted
    assert any_queue.empty()


def test_get_raises_empty_after_its_timeout(any_queue: Any) -> None:
    with pytest.raises(Exception) as caught:
        any_queue.get(timeout=0.01)
    assert type(caught.value).__name__ == "Empty"
    with pytest.raises(type(caught.value)):
        any_queue.get_nowait()
