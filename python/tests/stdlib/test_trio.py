"""``trio``, if installed: timeouts, nurseries, threads, sockets and other programs."""

from typing import Any

import pytest
from limits import LIMIT

trio: Any = pytest.importorskip("trio")

SIZE = 100_000


def test_a_cancel_scope_ends_a_sleep() -> None:
    async def sleep() -> bool:
        with trio.move_on_after(0.01) as scope:
            await trio.sleep_forever()
        return bool(scope.cancelled_caught)

    assert trio.run(sleep)


def test_a_nursery_cancels_its_other_tasks_and_raises_the_exception_of_one_task() -> None:
    ended = []

    async def work(number: int) -> None:
        try:
            if number == 9:
                raise ValueError("boom")
            await trio.sleep_forever()
        finally:
            ended.append(number)

    async def start() -> None:
        async with trio.open_nursery() as nursery:
            for number in range(10):
                nursery.start_soon(work, number)

    with pytest.RaisesGroup(pytest.RaisesExc(ValueError, match="boom")):
        trio.run(start)
    assert sorted(ended) == list(range(10))


def test_five_clients_exchange_data_with_a_server_over_sockets() -> None:
    async def echo(stream: Any) -> None:
        async for data in stream:
            await stream.send_all(data)

    async def ask(port: int) -> None:
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            await stream.send_all(b"x" * SIZE)
            received = 0
            while received < SIZE:
                received += len(await stream.receive_some())

    async def talk() -> None:
        async with trio.open_nursery() as server:
            listeners = await server.start(lambda task_status: serve(task_status))
            async with trio.open_nursery() as clients:
                for _ in range(5):
                    clients.start_soon(ask, listeners[0].socket.getsockname()[1])
            server.cancel_scope.cancel()

    async def serve(task_status: Any) -> None:
        await trio.serve_tcp(echo, 0, host="127.0.0.1", task_status=task_status)

    async def within_limit() -> None:
        with trio.fail_after(LIMIT):
            await talk()

    trio.run(within_limit)


def test_results_of_threads_and_other_programs_are_returned() -> None:
    async def run() -> Any:
        process = await trio.run_process(["echo", "hi"], capture_stdout=True)
        return await trio.to_thread.run_sync(lambda: process.stdout)

    assert trio.run(run) == b"hi\n"


def test_trio_has_no_kqueue_functions() -> None:
    assert not hasattr(trio.lowlevel, "wait_kevent")
    assert not hasattr(trio._core, "wait_kevent")
