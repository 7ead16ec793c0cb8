"""Tasks with limits, which are to end at their time. They note in a file that they began, and that they cleaned up."""

import asyncio
import time

import cloaca


def note(ctx, text):
    with open(ctx["file"], "a", encoding="utf-8") as file:
        file.write(f"{text}\n")


def compute(ctx):
    while True:
        pass


def block(ctx):
    sum(range(10**15))  # C code that neither checks for signals nor lets other threads run


def hold(ctx):
    """Blocks the interpreter in one call of C."""
    until = time.monotonic() + ctx["seconds"]
    next(filter(until.__lt__, iter(time.monotonic, None)))


def noted(function):
    def body(ctx):
        try:
            note(ctx, "began")  # within the try, because the attempt may be stopped from here on
            function(ctx)
        finally:
            note(ctx, "cleaned")

    return body


async def wait(ctx):
    try:
        note(ctx, "began")
        await asyncio.sleep(600)
    finally:
        note(ctx, "cleaned")


def refuse(ctx):
    note(ctx, "began")
    while True:
        try:
            time.sleep(600)
        except BaseException:
            note(ctx, "refused")


with cloaca.WorkflowBuilder("limited"):
    for task, function in (("computes", compute), ("sleeps", lambda ctx: time.sleep(600)), ("blocks", block)):
        cloaca.task(id=task)(noted(function))
    cloaca.task(id="holds")(noted(hold))
    cloaca.task(id="waits")(wait)
    cloaca.task(id="refuses")(refuse)
    cloaca.task(id="ends")(lambda ctx: note(ctx, "began"))


def later(ctx):
    raise cloaca.TryLater("30s", limit="crm") from OSError("429")


async def later_async(ctx):
    await asyncio.sleep(0)
    raise cloaca.TryLater(1.5)


with cloaca.WorkflowBuilder("busy"):
    cloaca.task(id="later")(later)
    cloaca.task(id="later_async")(later_async)


@cloaca.trigger(poll_interval="1h")
def polls_later():
    raise cloaca.TryLater(1)
