"""Script for tests of reactors: the sources of an oven, its reactors, two graphs, and two workflows."""

import cloaca


@cloaca.passthrough_accumulator
def probe(event):
    """Degrees, as the probe sends them."""
    if event == "broken":
        raise ValueError("the probe is broken")
    return event


@cloaca.state_accumulator(capacity=3)
def door(value):
    return value


@cloaca.batch_accumulator(flush_interval="1h", max_buffer_size=100)
def clicks(events):
    return {"clicks": len(events)}


@cloaca.reactor(name="oven", accumulators=["probe", "door"], mode="when_all")
class Oven:
    pass


@cloaca.reactor(name="heat", accumulators=["probe", "clicks"])
class Heat:
    pass


with cloaca.ComputationGraphBuilder(
    "alarm",
    reactor=Heat,
    graph={
        "judge": {"inputs": ["probe", "clicks"], "routes": {"hot": "warn", "ok": "note"}},
        "warn": {"next": "send"},
        "send": {},
        "note": {},
    },
):

    @cloaca.node
    def judge(probe, clicks):
        if probe and probe["c"] > 300:
            raise RuntimeError("the oven melts")
        return ("hot", probe) if probe and probe["c"] > 80 else ("ok", probe)

    @cloaca.node
    def warn(probe):
        return {"alarm": probe["c"], "text": "<b>hot</b> \u202eoven"}

    @cloaca.node
    def send(alarm):
        return {"sent": alarm["alarm"]}

    @cloaca.node
    def note(probe):
        return {"quiet": True}


with cloaca.ComputationGraphBuilder("enrich", graph={"fetch": {"next": "keep"}, "keep": {}}) as enrich:

    @cloaca.node
    def fetch(context):
        return 1

    @cloaca.node
    def keep(value):
        return value


with cloaca.WorkflowBuilder("ring"):

    @cloaca.task()
    def bell(context):
        return context


with cloaca.WorkflowBuilder("enriched"):

    @cloaca.task(invokes=enrich)
    def ask(context):
        return context
