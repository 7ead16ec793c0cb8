"""Async triggers and tasks that share the event loop of their script. A sync trigger sets ``released``."""

import asyncio
import os
import threading
import time

import cloaca

skip = cloaca.TriggerResult.skip

connection = None
background = None
is_blocked = False
seconds_behind = 0
cleaned_up = []
released = threading.Event()
meeting = None
generators = []


def fire(**values):
    return cloaca.TriggerResult.fire(cloaca.Context(values))


def log(line):
    with open(os.environ["ASYNC_CALLS_LOG"], "a") as file:
        file.write(f"{line}\n")


@cloaca.trigger("work", poll_interval="1h")
async def keeps_a_connection():
    global connection
    if connection is None:
        connection = await asyncio.open_connection("127.0.0.1", int(os.environ["ASYNC_CALLS_PORT"]))
    reader, writer = connection
    writer.write(b"ping\n")
    return fire(answer=(await reader.readline()).decode(), loop=id(asyncio.get_running_loop()))


@cloaca.trigger("work", poll_interval="1h")
def remembers():
    return fire(cleaned_up=cleaned_up, threads=threading.active_count(), is_blocked=is_blocked)


@cloaca.trigger("work", poll_interval="1h")
def releases():
    released.set()
    return skip()


@cloaca.trigger("work", poll_interval="1h")
async def skips():
    await asyncio.sleep(0)
    return skip()


@cloaca.trigger("work", poll_interval="1h")
async def awaits():
    try:
        await asyncio.sleep(600)
    finally:
        await asyncio.sleep(0.01)
        cleaned_up.append("awaits")


@cloaca.trigger("work", poll_interval="1h")
async def gathers():
    await asyncio.gather(asyncio.sleep(600), asyncio.sleep(600))


@cloaca.trigger("work", poll_interval="1h")
async def swallows_the_first():
    try:
        await asyncio.sleep(600)
    except asyncio.CancelledError:
        await asyncio.sleep(600)


@cloaca.trigger("work", poll_interval="1h")
async def swallows_all():
    while True:
        try:
            await asyncio.sleep(600)
        except BaseException:
            continue


@cloaca.trigger("work", poll_interval="1h")
async def sleeps():
    time.sleep(600)


@cloaca.trigger("work", poll_interval="1h")
async def computes():
    await asyncio.sleep(0)
    while True:
        pass


@cloaca.trigger("work", poll_interval="1h")
async def blocks():
    global is_blocked
    await asyncio.sleep(0)
    is_blocked = True
    released.wait()
    released.clear()
    is_blocked = False
    return skip()


async def leave(block):
    """Starts two background tasks that block for ever, the second one after the first was stopped."""

    async def block_soon():
        try:
            await asyncio.sleep(0.05)
            block()
        except BaseException as error:
            cleaned_up.append(str(error))

    generators.extend(asyncio.create_task(block_soon()) for _ in range(2))
    return skip()


def compute():
    while True:
        pass


@cloaca.trigger("work", poll_interval="1h")
async def leaves_what_computes():
    return await leave(compute)


@cloaca.trigger("work", poll_interval="1h")
async def leaves_what_sleeps():
    return await leave(lambda: time.sleep(600))


@cloaca.trigger("work", poll_interval="1h")
async def leaves_what_never_stops():
    def compute_on():
        while True:
            try:
                compute()
            except BaseException:
                continue

    return await leave(compute_on)


@cloaca.trigger("work", poll_interval="1h")
async def leaves_things_behind():
    async def numbers():
        try:
            while True:
                yield 1
        finally:
            log("the generator was closed")

    async def wait():
        try:
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(0)
            log("the background task was cancelled")

    generators.append(numbers())
    await generators[-1].__anext__()
    generators.append(asyncio.create_task(wait()))
    asyncio.get_running_loop().call_later(600, print)
    await asyncio.sleep(0)
    return skip()


with cloaca.WorkflowBuilder("work"):

    @cloaca.task()
    async def meets(context):
        """Ends when a thousand tasks wait here."""
        global meeting
        if meeting is None:
            meeting = asyncio.Barrier(1000)
        await meeting.wait()
        return context
