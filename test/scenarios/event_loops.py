"""Uses asyncio: runs, runners, threads, timeouts, cancellation, signals and streams."""

import asyncio
import contextvars
import functools
import os
import signal
import threading

variable = contextvars.ContextVar("variable", default="unset")


async def square(number):
    await asyncio.sleep(0.05)
    return number * number


async def main():
    variable.set("main")
    print("gather", await asyncio.gather(*(square(n) for n in range(4))))
    print("to_thread", await asyncio.to_thread(lambda: (variable.get(), threading.current_thread().name)))
    loop = asyncio.get_running_loop()
    print("executor", await loop.run_in_executor(None, functools.partial(sum, [1, 2, 3])))
    try:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(30)
    except TimeoutError:
        print("timeout")
    task = asyncio.create_task(asyncio.sleep(30))
    await asyncio.sleep(0)
    task.cancel()
    print("cancelled", (await asyncio.gather(task, return_exceptions=True))[0].__class__.__name__)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(square(n)) for n in (3, 4)]
    print("group", [task.result() for task in tasks])
    future = loop.create_future()
    threading.Timer(0.02, loop.call_soon_threadsafe, (future.set_result, "from a thread")).start()
    print(await future, threading.current_thread().name)


asyncio.run(main())
print("context", variable.get())

with asyncio.Runner() as runner:
    print("runner", runner.run(square(5)), runner.run(square(6)), runner.get_loop().is_running())

begun, results = [], []


async def square_together(number):
    begun.append(number)
    while len(begun) < 8:
        await asyncio.sleep(0.001)
    return await square(number)


threads = [
    threading.Thread(target=lambda n: results.append(asyncio.run(square_together(n))), args=(n,)) for n in range(8)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("threads", sorted(results))


async def hear_signal():
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, event.set)
    loop.call_later(0.02, os.kill, os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(event.wait(), 10)
    print("signal", loop.remove_signal_handler(signal.SIGUSR1))


asyncio.run(hear_signal())


async def serve():
    async def shout(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(shout, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        print("stream", await reader.readline())
        writer.close()


asyncio.run(serve())


async def interrupted():
    asyncio.get_running_loop().call_later(0.02, signal.raise_signal, signal.SIGINT)
    try:
        await asyncio.sleep(30)
    except asyncio.CancelledError:
        print("cancelled by the interrupt")
        raise


try:
    asyncio.run(interrupted())
except KeyboardInterrupt:
    print("KeyboardInterrupt")

try:
    asyncio.get_event_loop()
except RuntimeError as error:
    print(error)
