"""Tasks and triggers that print from streams, C code, threads, generators, finalizers, callbacks and coroutines."""

import asyncio
import contextlib
import ctypes
import gc
import io
import os
import sys
import threading
import time
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor

import cloaca

kept = {}
pool = ThreadPoolExecutor(max_workers=1)
print("the script is loaded")


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print(f"{self.name} is gone")


def numbers(name):
    for number in range(3):
        print(f"generator of {name}: {number}")
        yield number


with cloaca.WorkflowBuilder("prints"):

    @cloaca.task(id="streams")
    def streams(context):
        print("to stdout")
        print("to stderr", file=sys.stderr)
        sys.stdout.buffer.write(b"bytes\n")
        os.write(1, b"a descriptor: \xc5\xbe\xff\n")
        warnings.warn("beware", stacklevel=1)
        try:
            raise KeyError("missing")
        except KeyError:
            traceback.print_exc()
        with contextlib.redirect_stdout(io.StringIO()):
            print("never seen")
        print("\x1b[31mred\x1b[0m")
        print("no end of the line", end="")

    @cloaca.task(id="native")
    def native(context):
        library = ctypes.CDLL(None)
        library.puts(b"from C, with an end of the line")
        library.printf(b"from C, without")
        time.sleep(0.01)

    @cloaca.task(id="native_too")
    def native_too(context):
        ctypes.CDLL(None).printf(b"from C of another task")

    @cloaca.task(id="threads")
    def threads(context):
        def work():
            print("a thread")
            inner = threading.Thread(target=lambda: print("its thread"))
            inner.start()
            inner.join()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        pool.submit(print, "submitted by threads").result()

    @cloaca.task(id="pooled", dependencies=["threads"])
    def pooled(context):
        pool.submit(print, "submitted by pooled").result()

    @cloaca.task(id="begins")
    def begins(context):
        kept["generator"] = numbers("begins")
        next(kept["generator"])

    @cloaca.task(id="resumes", dependencies=["begins"])
    def resumes(context):
        next(kept["generator"])

    @cloaca.task(id="finalizers")
    def finalizers(context):
        one = Loud("a local variable")
        del one
        circle = Loud("a circle")
        circle.self = circle
        del circle
        gc.collect()

    @cloaca.task(id="fails", retry_attempts=2, retry_delay_ms=1)
    def fails(context):
        kept["attempt"] = kept.get("attempt", 0) + 1
        print(f"attempt {kept['attempt']}")
        if kept["attempt"] == 1:
            raise ValueError("once more")

    @cloaca.task(id="leaves", on_success=lambda name, context: print("callback"))
    def leaves(context):
        threading.Thread(target=lambda: (time.sleep(0.05), print("after the end"))).start()

    @cloaca.task(id="alternates")
    def alternates(context):
        for _ in range(3):
            print("one", end="")
            time.sleep(0.001)
            print(" one")

    @cloaca.task(id="with_it")
    def with_it(context):
        for _ in range(3):
            print("two", end="")
            time.sleep(0.001)
            print(" two")


    @cloaca.task(id="async_one")
    async def async_one(context):
        for _ in range(3):
            print("async one", end="")
            await asyncio.sleep(0.001)
            print(" goes on")
        await asyncio.to_thread(print, "in a thread of one")
        print("the end of one", end="")

    @cloaca.task(id="async_two")
    async def async_two(context):
        async def helper():
            await asyncio.sleep(0)
            print("a helper of two")

        for _ in range(3):
            print("async two", end="")
            await asyncio.sleep(0.001)
            print(" goes on")
        await asyncio.create_task(helper())
        await asyncio.to_thread(print, "in a thread of two")


with cloaca.WorkflowBuilder("garbage"):

    @cloaca.task(id="makes")
    def makes(context):
        circle = Loud("a circle of anybody's")
        circle.self = circle

    @cloaca.task(id="collects", dependencies=["makes"])
    def collects(context):
        heap = [[] for _ in range(200_000)]
        time.sleep(0)
        del heap
        for _ in range(30):
            heap = [[] for _ in range(20_000)]
            time.sleep(0)


polls = {"skips": 0, "fires": 0}


@cloaca.trigger(on="garbage", poll_interval="20ms", name="skips")
def skips():
    polls["skips"] += 1
    print(f"skip {polls['skips']}")
    return False


@cloaca.trigger(on="ended", poll_interval="20ms", name="fires")
def fires():
    polls["fires"] += 1
    if polls["fires"] > 1:
        return False
    print("it fires", end="")
    return True


@cloaca.trigger(on="ended", poll_interval="20ms", name="raises")
def raises():
    print(f"poll {polls['fires']}")
    raise ValueError("no")
