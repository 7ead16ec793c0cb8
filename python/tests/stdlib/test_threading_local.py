"""``threading.local``: separate attributes for each thread."""

import _threading_local
import threading
import time
from typing import Any, Dict, List, Type

import pytest


@pytest.fixture(params=[threading.local, _threading_local.local])
def local_type(request: Any) -> Type[Any]:
    return request.param  # type: ignore[no-any-return]


def in_threads(target: Any, count: int = 5) -> None:
    threads = [threading.Thread(target=target, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_each_thread_sees_only_its_own_attributes(local_type: Type[Any]) -> None:
    data, seen = local_type(), {}
    data.number = "main"

    def target(number: int) -> None:
        assert not hasattr(data, "number")
        data.number = number
        time.sleep(0.001)
        seen[number] = data.number

    in_threads(target)
    assert seen == {number: number for number in range(5)}
    assert data.number == "main"


def test_a_subclass_whose_constructor_sleeps_has_separate_attributes_for_each_thread(local_type: Type[Any]) -> None:
    class Slow(local_type):  # type: ignore[misc]
        def __init__(self, made: List[int]) -> None:
            time.sleep(0.002)
            made.append(threading.get_ident())
            self.mark = threading.get_ident()

    made: List[int] = []
    data, seen = Slow(made), {}  # type: ignore[var-annotated]

    def target(number: int) -> None:
        data.number = number
        seen[number] = (data.number, data.mark == threading.get_ident())

    in_threads(target)
    assert seen == {number: (number, True) for number in range(5)}
    assert len(made) == 6


def test_attributes_are_released_when_their_thread_ends(local_type: Type[Any]) -> None:
    class Held:
        def __del__(self) -> None:
            gone.append(1)

    gone: List[int] = []
    data: Any = local_type()

    def target(number: int) -> None:
        data.held = Held()

    in_threads(target, 3)
    import gc

    gc.collect()
    kept: Dict[str, Any] = vars(data)
    assert kept == {}
    assert len(gone) == 3


def test_finalizers_of_attributes_run_in_their_thread_before_join_returns() -> None:
    class Held:
        def __del__(self) -> None:
            time.sleep(0.002)
            gone.append(threading.get_ident())

    gone: List[int] = []
    data: Any = threading.local()

    def target() -> None:
        data.held = Held()

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    assert gone == [thread.ident]
