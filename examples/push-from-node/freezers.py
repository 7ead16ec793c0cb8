"""Watches freezers: a graph processes each reading, and a workflow starts if a reading is too warm."""

import cloaca


@cloaca.state_accumulator(capacity=3)
def readings(reading):
    """Keeps the last three readings, even after a restart."""
    return reading


@cloaca.reactor(name="freezers", accumulators=["readings"])
class Freezers:
    """Fires on each reading."""


with cloaca.ComputationGraphBuilder("warmth", reactor=Freezers, graph={"mean": {"inputs": ["readings"]}}):

    @cloaca.node
    def mean(last):
        celsius = sum(each["celsius"] for each in last) / len(last)
        print(f"mean of the last {len(last)}: {celsius:.1f}")
        return {"celsius": celsius}


with cloaca.WorkflowBuilder("too_warm") as workflow:
    workflow.description("Reports a freezer that is too warm")

    @cloaca.task()
    def tell(ctx):
        newest = ctx["readings"][-1]
        ctx.set("told", f"{newest['freezer']} is at {newest['celsius']}")
        return ctx
