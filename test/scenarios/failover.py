"""A workflow whose task takes 50 ms, and stores the index of its execution in the context."""

import time

import cloaca

with cloaca.WorkflowBuilder("counts"):

    @cloaca.task(id="count")
    def count(ctx):
        time.sleep(0.05)
        ctx.set("seen", ctx.get("index"))
        return ctx
