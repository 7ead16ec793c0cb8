"""A workflow whose task takes a moment, and says which execution it is of."""

import time

import cloaca

with cloaca.WorkflowBuilder("counts"):

    @cloaca.task(id="count")
    def count(ctx):
        time.sleep(0.05)
        ctx.set("seen", ctx.get("index"))
        return ctx
