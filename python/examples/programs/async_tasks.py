"""Declares tasks with ``async def``. Waits within a task overlap, and so do waits of several tasks.

Run it:

    cloaca run python/examples/programs/async_tasks.py

You will see:

    Completed: prices from 3 shops, best is 17 at shop-b
    the workflow took less than half of the sum of all waits: True
"""

import asyncio
import time

import cloaca

PRICES = {"shop-a": 19, "shop-b": 17, "shop-c": 23}
WAIT_SECONDS = 1.5


async def ask(shop):
    await asyncio.sleep(WAIT_SECONDS)  # simulates a slow service
    return PRICES[shop]


with cloaca.WorkflowBuilder("best_price"):

    @cloaca.task()
    async def ask_all(ctx):
        prices = await asyncio.gather(*(ask(shop) for shop in PRICES))
        ctx.set("prices", dict(zip(PRICES, prices)))
        return ctx

    @cloaca.task()
    async def load_history(ctx):
        await asyncio.sleep(WAIT_SECONDS)
        ctx.set("last_best", 18)
        return ctx

    @cloaca.task(dependencies=[ask_all, load_history])
    async def choose(ctx):
        prices = ctx["prices"]
        ctx.set("best", min(prices, key=prices.get))
        return ctx


if __name__ == "__main__":
    with cloaca.DefaultRunner(":memory:") as runner:
        started = time.monotonic()
        result = runner.execute("best_price", cloaca.Context())
        seconds = time.monotonic() - started
        final = result.final_context
        shop = final["best"]
        print(f"{result.status}: prices from {len(final['prices'])} shops, best is {final['prices'][shop]} at {shop}")
        waits = WAIT_SECONDS * (len(PRICES) + 1)
        print("the workflow took less than half of the sum of all waits:", seconds < waits / 2)
