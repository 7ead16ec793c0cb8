"""An async trigger that keeps a connection, a server, a background task and a generator from poll to poll."""

import asyncio
import gc
import os

import cloaca

PORT, OWN_PORT = int(os.environ["SHOP_PORT"]), int(os.environ["OWN_PORT"])
VERSION = "first"


class Client:
    """Client with one connection, a server, a background task and a generator, like the clients of packages."""

    def __init__(self) -> None:
        self.streams = None
        self.beats = self.polls = 0
        self.ticking = self.ticks()
        self.loop = None

    def __del__(self) -> None:
        if self.streams is not None:  # reports an open connection like the clients of packages
            self.loop.call_exception_handler({"message": "Unclosed client"})
            print(VERSION, "client is gone", flush=True)

    async def open(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.server = await asyncio.start_server(lambda *_: None, "127.0.0.1", OWN_PORT)
        self.streams = await asyncio.open_connection("127.0.0.1", PORT)
        self.heart = asyncio.create_task(self.beat())
        await anext(self.ticking)

    async def beat(self) -> None:
        try:
            while True:
                await asyncio.sleep(0.001)
                self.beats += 1
        finally:
            print(VERSION, "background task ended", flush=True)

    async def ticks(self):
        try:
            while True:
                yield
        finally:
            print(VERSION, "generator closed", flush=True)

    async def ask(self) -> bytes:
        if self.streams is None:
            await self.open()
        reader, writer = self.streams
        writer.write(f"{VERSION}\n".encode())
        return await reader.readline()


client = Client()


@cloaca.trigger("shop", name="shop", poll_interval="1ms")
async def poll():
    client.polls += 1
    if client.polls % 50 == 0:
        gc.collect()  # finalizes objects of the previous generation
    assert await client.ask() == b"nothing new\n"
    assert not client.heart.done()
    return False


with cloaca.WorkflowBuilder("shop"):

    @cloaca.task()
    def run(context):
        return context
