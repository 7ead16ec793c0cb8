"""Sources and graphs that hang, die or raise for some events, a graph that always works, and a trigger."""

import asyncio
import os
import re

import cloaca


@cloaca.passthrough_accumulator
def jobs(event):
    if event == "hang":
        while True:
            pass
    if event == "die":
        os._exit(1)
    if event == "raise":
        raise ValueError("this one is bad")
    if event == "not json":
        return {1, object()}
    if event == "drop":
        return None
    return event


@cloaca.passthrough_accumulator
async def awaited(event):
    await asyncio.sleep(0)
    return {"awaited": event}


@cloaca.polling_accumulator(interval="50ms")
def counter():
    counter.calls += 1
    return counter.calls if counter.calls % 2 == 0 else None


counter.calls = 0


@cloaca.reactor(name="worker", accumulators=["jobs", "awaited"])
class Worker:
    pass


@cloaca.reactor(name="counted", accumulators=["counter"])
class Counted:
    pass


with cloaca.ComputationGraphBuilder("work", reactor=Worker, graph={"do": {"inputs": ["jobs", "awaited"]}}):

    @cloaca.node
    def do(job, awaited):
        if job == "graph hangs":
            while True:
                pass
        if job == "graph hangs in C":
            re.match(r"(a|a)*b", "a" * 40)
        if job == "graph raises":
            raise KeyError("nothing there")
        return {"job": job, "awaited": awaited}


with cloaca.ComputationGraphBuilder("beside", reactor=Worker, graph={"see": {"inputs": ["jobs"]}}):

    @cloaca.node
    def see(job):
        return job


polls = 0


@cloaca.trigger("nothing", poll_interval="50ms")
def beside_the_graphs():
    global polls
    polls += 1
    return cloaca.TriggerResult.skip(str(polls))
