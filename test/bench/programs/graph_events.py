"""A graph of three nodes on one source, and a workflow that the reactor of another source starts."""

import time

import cloaca


@cloaca.reactor(name="bench_reactor", accumulators=["bench_events"])
class BenchReactor:
    pass


@cloaca.passthrough_accumulator
def bench_events(event):
    return event


with cloaca.ComputationGraphBuilder(
    "bench_graph",
    reactor=BenchReactor,
    graph={
        "read": {"inputs": ["bench_events"], "next": "scale"},
        "scale": {"next": "out"},
        "out": {},
    },
):

    @cloaca.node
    def read(event):
        return event

    @cloaca.node
    def scale(event):
        return {"n": event["n"], "end": event.get("end"), "scaled": event["n"] * 2}

    @cloaca.node
    def out(event):
        if event["end"] is not None:
            with open(event["end"], "w") as end:
                end.write(str(time.time()))
        return event["scaled"]


@cloaca.reactor(name="bench_latency", accumulators=["bench_pings"])
class BenchLatency:
    pass


with cloaca.WorkflowBuilder("bench_started"):

    @cloaca.task()
    def started(ctx):
        with open(ctx["bench_pings"]["file"], "w") as end:
            end.write(str(time.time()))
