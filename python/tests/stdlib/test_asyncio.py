"""``asyncio``: event loops, tasks, threads, streams and signal handlers."""

import asyncio
import functools
import os
import signal
import threading
import time
from concurrent import futures
from typing import Any, List

import pytest
from limits import LIMIT

from cloaca._border import bridge


def test_gather_runs_coroutines_concurrently_and_returns_results_in_order() -> None:
    begun: List[int] = []

    async def square(number: int) -> int:
        begun.append(number)
        while len(begun) < 10:
            await asyncio.sleep(0.001)
        return number * number

    async def main() -> List[int]:
        return await asyncio.gather(*[square(number) for number in range(10)])

    assert asyncio.run(main()) == [number * number for number in range(10)]


def test_asyncio_run_cannot_be_nested_and_works_in_each_thread() -> None:
    seen: List[Any] = []

    async def nested() -> None:
        coroutine = asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="cannot be called from a running event loop"):
            asyncio.run(coroutine)
        coroutine.close()

    def in_thread() -> None:
        async def main() -> None:
            await asyncio.sleep(0.005)
            seen.append(asyncio.get_running_loop())

        asyncio.run(main())

    asyncio.run(nested())
    threads = [threading.Thread(target=in_thread) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, seen))) == 3
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


@pytest.mark.skipif(not hasattr(asyncio, "Runner"), reason="asyncio.Runner is new in Python 3.11")
def test_a_runner_uses_the_same_loop_for_all_runs() -> None:
    async def loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    with asyncio.Runner() as runner:
        assert runner.run(loop()) is runner.run(loop()) is runner.get_loop()
    coroutine = loop()
    with pytest.raises(RuntimeError, match="Runner is closed"):
        runner.run(coroutine)
    coroutine.close()


def test_to_thread_and_run_in_executor_return_the_results_of_threads() -> None:
    async def main() -> Any:
        loop = asyncio.get_running_loop()
        with futures.ThreadPoolExecutor(1, thread_name_prefix="own") as pool:
            own = await loop.run_in_executor(pool, lambda: threading.current_thread().name)
        return (
            own,
            await asyncio.to_thread(functools.partial(int, "7")),
            await loop.run_in_executor(None, time.sleep, 0),
        )

    assert asyncio.run(main()) == ("own_0", 7, None)


@pytest.mark.skipif(not bridge.has_engine(), reason="CPython also switches threads by time")
def test_a_thread_woken_by_a_callback_runs_while_the_loop_is_busy() -> None:
    waits, woken, goes_on = threading.Event(), threading.Event(), threading.Event()

    def wait() -> None:
        waits.set()
        woken.wait()
        goes_on.set()

    async def main() -> bool:
        thread = threading.Thread(target=wait)
        thread.start()
        while not waits.is_set():
            await asyncio.sleep(0.001)
        woken.set()
        for _ in range(3):
            await asyncio.sleep(0)
        return goes_on.is_set()

    assert asyncio.run(main())


def test_another_thread_can_schedule_callbacks_and_coroutines_in_a_loop() -> None:
    async def main() -> Any:
        loop, event = asyncio.get_running_loop(), asyncio.Event()
        thread = threading.Thread(target=loop.call_soon_threadsafe, args=(event.set,))
        thread.start()
        await asyncio.wait_for(event.wait(), LIMIT)
        thread.join()

        async def answer() -> int:
            return 42

        return await asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(answer(), loop).result(LIMIT))

    assert asyncio.run(main()) == 42


def test_wait_for_and_cancel_end_a_coroutine() -> None:
    ended: List[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(LIMIT)
        finally:
            ended.append("slow")

    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(slow(), 0.005)
        task = asyncio.ensure_future(slow())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert ended == ["slow"] * 2


def test_asyncio_run_cancels_remaining_tasks_and_closes_async_generators() -> None:
    ended: List[str] = []

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("task")
            raise

    async def numbers() -> Any:
        try:
            yield 1
        finally:
            ended.append("generator")

    async def main() -> None:
        main.task = asyncio.ensure_future(for_ever())  # type: ignore[attr-defined]
        main.numbers = numbers()  # type: ignore[attr-defined]
        async for _ in main.numbers:  # type: ignore[attr-defined]
            break
        await asyncio.sleep(0)

    asyncio.run(main())
    assert sorted(ended) == ["generator", "task"]


def test_a_signal_handler_of_a_loop_runs_in_the_loop() -> None:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        arrived = loop.create_future()
        loop.add_signal_handler(signal.SIGUSR1, arrived.set_result, 1)
        os.kill(os.getpid(), signal.SIGUSR1)
        try:
            return await asyncio.wait_for(arrived, LIMIT)  # type: ignore[no-any-return]
        finally:
            assert loop.remove_signal_handler(signal.SIGUSR1)

    assert asyncio.run(main()) == 1


def test_streams_connect_to_a_server_in_the_same_loop() -> None:
    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()

    async def main() -> bytes:
        server = await asyncio.start_server(shout, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello\n")
        answer = await reader.read()
        writer.close()
        server.close()
        await server.wait_closed()
        return answer

    assert asyncio.run(main()) == b"HELLO\n"


def test_an_asyncio_queue_delivers_items_in_order() -> None:
    async def main() -> List[int]:
        queue: asyncio.Queue[int] = asyncio.Queue(maxsize=1)
        lock, taken = asyncio.Lock(), []

        async def produce() -> None:
            for number in range(5):
                await queue.put(number)

        async def consume() -> None:
            for _ in range(5):
                async with lock:
                    taken.append(await queue.get())

        await asyncio.gather(produce(), consume())
        return taken

    assert asyncio.run(main()) == [0, 1, 2, 3, 4]


def test_add_signal_handler_is_refused_outside_the_main_thread() -> None:
    seen: List[str] = []

    async def add() -> None:
        try:
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, print)
        except RuntimeError as error:
            seen.append(str(error))

    thread = threading.Thread(target=lambda: asyncio.run(add()))
    thread.start()
    thread.join()
    assert seen == ["set_wakeup_fd only works in main thread of the main interpreter"]
