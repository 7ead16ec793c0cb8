"""Watches freezers: a graph looks at each reading, and a workflow is started where one is too warm."""

import cloaca


@cloaca.state_accumulator(capacity=3)
def readings(reading):
    """The last three readings, over restarts too."""
    return reading


@cloaca.reactor(name="freezers", accumulators=["readings"])
class Freezers:
    """Fires with each reading."""


with cloaca.ComputationGraphBuilder("warmth", reactor=Freezers, graph={"mean": {"inputs": ["readings"]}}):

    @cloaca.node
    def mean(last):
        celsius = sum(each["celsius"] for each in last) / len(last)
        print(f"mean of the last {len(last)}: {celsius:.1f}")
        return {"celsius": celsius}


with cloaca.WorkflowBuilder("too_warm") as workflow:
    workflow.description("Tells somebody that a freezer is too warm")

    @cloaca.task()
    def tell(ctx):
        newest = ctx["readings"][-1]
        ctx.set("told", f"{newest['freezer']} is at {newest['celsius']}")
        return ctx
