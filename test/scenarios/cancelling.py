"""Tasks that wait or compute, and note the exception that they receive when their execution is cancelled."""

import asyncio
import json
import os
import queue
import re
import socket
import threading
import time

import cloaca

NOTES = os.environ["CANCEL_NOTES"]


def note(task, what):
    with open(NOTES, "a") as file:
        file.write(json.dumps([task, what]) + "\n")


def tells(wait):
    """Declares a workflow with a task that notes the exception that stopped it, and then cleans up for 0.3 s."""
    name = wait.__name__

    def body(context):
        note(name, "began")
        try:
            wait()
            note(name, "went on")
        except BaseException as error:
            note(name, f"{type(error).__module__}.{type(error).__qualname__}")
            raise
        finally:
            time.sleep(0.3)
            total = sum(range(300_000))
            note(name, f"cleaned up {total}")
        return context

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="only", retry_attempts=3)(body)
        cloaca.task(id="after", dependencies=["only"])(lambda context: note(name, "after"))


@tells
def sleep():
    time.sleep(600)


@tells
def loop():
    while True:
        pass


@tells
def pattern():
    re.match(r"(a|a)*b", "a" * 40)


@tells
def recv():
    server = socket.create_server(("127.0.0.1", 0))
    with socket.create_connection(server.getsockname()) as client:
        client.recv(1)


@tells
def get():
    queue.Queue().get()


@tells
def join():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, daemon=True)
    thread.start()
    thread.join()


@tells
def nested():
    runner = cloaca.DefaultRunner(":memory:")
    runner.execute("sleep_quietly", cloaca.Context())


with cloaca.WorkflowBuilder("sleep_quietly"):

    @cloaca.task(id="only")
    def sleep_quietly(context):
        time.sleep(600)


with cloaca.WorkflowBuilder("deferred"):

    @cloaca.task(id="only")
    def deferred(context, handle):
        note("deferred", "began")
        try:
            handle.defer_until(lambda: False)
        except BaseException as error:
            note("deferred", f"{type(error).__module__}.{type(error).__qualname__}")
            raise
        finally:
            note("deferred", "cleaned up 0")


with cloaca.WorkflowBuilder("coroutine"):

    @cloaca.task(id="only")
    async def coroutine(context):
        note("coroutine", "began")
        try:
            await asyncio.sleep(600)
        except BaseException as error:
            note("coroutine", f"{type(error).__module__}.{type(error).__qualname__}")
            raise
        finally:
            await asyncio.sleep(0.3)
            note("coroutine", "cleaned up 0")


with cloaca.WorkflowBuilder("swallows"):

    @cloaca.task(id="only")
    def swallows(context):
        note("swallows", "began")
        while True:
            try:
                time.sleep(600)
            except BaseException:
                note("swallows", "went on")
