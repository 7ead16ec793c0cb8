"""Script that the tests of a CPython process load."""

import asyncio
import ctypes
import logging
import os
import queue
import re
import socket
import subprocess
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import cloaca

lock = threading.Lock()
lock.acquire()
polls = []


@cloaca.trigger(workflow="work", name="quiet", poll_interval="1s")
def quiet():
    polls.append(threading.current_thread() is threading.main_thread())
    return False


@cloaca.trigger(workflow="work", name="slow", poll_interval="1s")
def slow():
    time.sleep(600)
    return False


@cloaca.trigger(workflow="work", name="async", poll_interval="1s")
async def poll_async():
    await asyncio.sleep(0)
    return cloaca.TriggerResult.fire(cloaca.Context({"polls": len(polls)}))


def _say_begun(ctx):
    """Writes the number of the call, if it has one, without the log of the call."""
    if ctx.get("number"):
        os.write(1, b"begun %d\n" % ctx["number"])


def _sleep(ctx):
    time.sleep(ctx.get("s", 600))


def _receive(ctx):
    one, _other = socket.socketpair()
    one.recv(1)


def _lock(ctx):
    lock.acquire()


def _event(ctx):
    threading.Event().wait()


def _queue(ctx):
    queue.Queue().get(timeout=600)


def _future(ctx):
    Future().result()


def _spin(ctx):
    while True:
        pass


def _regex(ctx):
    re.match(r"(a+)+$", "a" * 40 + "b")


def _hold_gil(ctx):
    """Holds the GIL until the process is killed, or until a pipe has data."""
    library = ctypes.PyDLL(None)
    if "pipe" in ctx:
        library.read(os.open(ctx["pipe"], os.O_RDONLY), ctypes.create_string_buffer(1), 1)
    else:
        library.usleep(600_000_000)


def _deaf(ctx):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


def _clean_up(ctx):
    try:
        time.sleep(600)
    finally:
        print("cleaned up")


def _clean_up_slowly(ctx):
    try:
        print("waits for a secret", flush=True)
        ctx.secret("never")
    finally:
        print("cleaning up slowly", flush=True)
        time.sleep(0.5)
        print("cleaned up")


def _engine(ctx):
    ctx.secret("never")


def _subprocess(ctx):
    subprocess.run(["sleep", "600"], check=True)


def _declare(ctx):
    cloaca.trigger(on="work", name=ctx["name"], poll_interval="1h")(quiet)


WAYS = {
    "declare": _declare,
    "sleep": _sleep,
    "recv": _receive,
    "lock": _lock,
    "event": _event,
    "queue": _queue,
    "future": _future,
    "spin": _spin,
    "regex": _regex,
    "gil": _hold_gil,
    "deaf": _deaf,
    "finally": _clean_up,
    "slow finally": _clean_up_slowly,
    "engine": _engine,
    "subprocess": _subprocess,
}

with cloaca.WorkflowBuilder("work"):

    @cloaca.task(id="do")
    def do(ctx):
        _say_begun(ctx)
        ctx.set("is_main", threading.current_thread() is threading.main_thread())
        WAYS[ctx.get("way")](ctx)
        return ctx

    @cloaca.task(id="speak")
    def speak(ctx):
        name = ctx.get("name")
        for number in range(3):
            print(name, number)
            time.sleep(0.05)
        logging.warning("logged by %s", name)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(print, f"{name} in a pool").result()
        thread = threading.Thread(target=print, args=(f"{name} in a thread",))
        thread.start()
        thread.join()
        return ctx

    @cloaca.task(id="print")
    def print_much(ctx):
        line = "x" * 999
        for _ in range(ctx.get("lines")):
            print(line)
        return ctx

    @cloaca.task(id="grow")
    def grow(ctx):
        ctx.set("much", "x" * ctx.get("bytes"))
        return ctx

    @cloaca.task(id="secret")
    def secret(ctx):
        value = ctx.secret_field("db", "password")
        print("it is", value)
        raise ValueError(value)

    @cloaca.task(id="ask")
    def ask(ctx):
        ctx.set("field", ctx.secret_field("db", ctx.get("name")))
        return ctx

    @cloaca.task(id="async")
    async def async_do(ctx):
        _say_begun(ctx)
        if ctx.get("blocks"):
            WAYS[ctx.get("way")](ctx)
        await asyncio.sleep(ctx.get("s", 600))
        ctx.set("thread", threading.current_thread().name)
        return ctx

    @cloaca.task(id="async-ask")
    async def async_ask(ctx):
        await asyncio.sleep(0)
        ctx.set("field", ctx.secret_field("db", ctx.get("name")))
        await asyncio.sleep(0)
        return ctx

    @cloaca.task(id="fork")
    def fork(ctx):
        pid = os.fork()
        if pid == 0:
            print("the child's own", flush=True)
            try:
                ctx.secret("db")
            except RuntimeError:
                os._exit(7)
            os._exit(1)
        ctx.set("code", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        return ctx

    @cloaca.task(id="leave-process")
    def leave_process(ctx):
        ctx.set("pid", subprocess.Popen(["sleep", "600"]).pid)
        return ctx

    @cloaca.task(id="greedy")
    def greedy(ctx):
        """Lowers the memory limit of the process, and allocates memory until MemoryError."""
        import resource

        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (used + (200 << 20), before[1]))
        hoard = []
        try:
            while True:
                hoard.append(bytearray(16 << 20))
        finally:
            hoard.clear()
            ctx.set("limit", resource.getrlimit(resource.RLIMIT_AS)[0])
            resource.setrlimit(resource.RLIMIT_AS, before)

    @cloaca.task(id="fork-in-c")
    def fork_in_c(ctx):
        """Forks a child in C, which keeps all descriptors open without Python's knowledge."""
        pid = ctypes.CDLL(None).fork()
        while pid == 0:
            time.sleep(60)
        ctx.set("pid", pid)
        return ctx

    @cloaca.task(id="close-all")
    def close_all(ctx):
        """Closes descriptors, as programs do that become daemons."""
        os.closerange(3, 64)
        return ctx
