"""Tasks that store results, start child executions, and are parked. Their notes are lines of the file CHILD_NOTES."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor

import cloaca


def note(text):
    with open(os.environ["CHILD_NOTES"], "a") as notes:
        notes.write(f"{text}\n")


with cloaca.WorkflowBuilder("billing"):

    @cloaca.task(retry_attempts=1)
    def bill(ctx):
        time.sleep(ctx.get("seconds", 0))
        if ctx.get("fails"):
            raise ValueError("no money")
        ctx["billed"] = ctx.get("amount")
        return ctx


def describe(result):
    return [result.status, result.final_context.get("billed"), result.error_message]


with cloaca.WorkflowBuilder("stores"):

    @cloaca.task(retry_attempts=2, retry_delay_ms=0)
    def pay(ctx, handle):
        def charge():
            note("charged")
            return {"key": handle.key("charge"), "amount": 1.0, "big": 2**63}

        ctx["receipt"] = handle.once("charge", charge)
        ctx["again"] = handle.once("charge", lambda: "never")
        ctx["same_key"] = ctx["receipt"]["key"] == handle.key("charge") != handle.key("other")
        try:
            handle.once("bad", object)
        except TypeError as error:
            ctx["bad"] = str(error)
        if handle.once("first", lambda: os.urandom(4).hex()) not in open(os.environ["CHILD_NOTES"]).read():
            note(handle.once("first", lambda: "never"))
            raise ConnectionError("later")
        return ctx


with cloaca.WorkflowBuilder("awaits"):

    @cloaca.task(retry_attempts=1)
    async def gather(ctx, handle):
        async def slow(number):
            await asyncio.sleep(0.01)
            return number

        ctx["results"] = await asyncio.gather(*(handle.once(f"n{n}", lambda n=n: slow(n)) for n in range(3)))
        ctx["plain"] = await handle.once("plain", lambda: [1])
        ctx["child"] = describe(handle.run("billing", cloaca.Context({"amount": 7}), key="bill"))
        return ctx


def order(name, **options):
    """Declares a workflow whose task runs a child with its context."""
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(id="order", **{"retry_attempts": 1, **options})
        def run(ctx, handle):
            note(f"{name} began")
            try:
                result = handle.run("billing", ctx, key="bill")
                held = handle.is_slot_held()
            except Exception as error:
                note(f"{name} caught {error}")
                raise
            finally:
                note(f"{name} cleaned up")
            ctx["child"] = [*describe(result), held]
            return ctx


order("runs")
for doublings in range(8):
    limit_ms = 500 << doublings
    order(f"limited_{limit_ms}", timeout=f"{limit_ms}ms")

with cloaca.WorkflowBuilder("swallows"):

    @cloaca.task(id="order", retry_attempts=1)
    def swallow(ctx, handle):
        try:
            handle.run("billing", ctx, key="bill")
        except BaseException as error:
            note(f"swallowed {type(error).__name__}")
        return ctx


with cloaca.WorkflowBuilder("awaits_long"):

    @cloaca.task(id="order", retry_attempts=1)
    async def wait_long(ctx, handle):
        try:
            ctx["child"] = describe(handle.run("billing", ctx, key="bill"))
        finally:
            note("awaits_long cleaned up")
        return ctx


with cloaca.WorkflowBuilder("refused"):

    @cloaca.task(id="order", retry_attempts=1)
    def refuse(ctx, handle):
        handle.run("bilding", ctx, key="bill")


with cloaca.WorkflowBuilder("stores_much"):

    @cloaca.task(retry_attempts=1)
    def store_much(ctx, handle):
        def charge():
            note("charged")
            time.sleep(0.05)
            return "ü" * (512 * 1024 - 1)

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda _: handle.once("outer", lambda: handle.once("inner", charge)), range(8)))
        ctx["lengths"] = sorted({len(result) for result in results})
        return ctx


with cloaca.WorkflowBuilder("runs_two"):

    @cloaca.task(retry_attempts=1)
    def run_two(ctx, handle):
        def run(amount):
            given = cloaca.Context({"amount": amount, "seconds": amount})
            return describe(handle.run("billing", given, key=f"bill-{amount}"))

        with ThreadPoolExecutor(2) as pool:
            ctx["children"] = list(pool.map(run, (0, 1)))
        return ctx
