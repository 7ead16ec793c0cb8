"""Sources and graphs for `graph-dispatch.test.ts`."""

import asyncio
import logging
import time

import cloaca

log = logging.getLogger("sources")


@cloaca.passthrough_accumulator
def echo(event):
    return event


@cloaca.passthrough_accumulator
def positive(event):
    if event < 0:
        raise ValueError(f"{event} is negative")
    return event or None


@cloaca.passthrough_accumulator
def says(event):
    print("event", event)
    log.warning("record %s", event)
    return event


@cloaca.passthrough_accumulator
def hangs(event):
    """Computes or waits for ever if the event says so."""
    if event == "compute":
        while True:
            pass
    if event == "wait":
        time.sleep(600)
    return event


@cloaca.passthrough_accumulator
async def later(event):
    if event == "wait":
        await asyncio.sleep(600)
    await asyncio.sleep(0)
    return [event, id(asyncio.get_running_loop())]


LOADED = time.time_ns()


@cloaca.passthrough_accumulator
def loaded(event):
    return LOADED


@cloaca.batch_accumulator(flush_interval="1s")
def count(events):
    return len(events)


@cloaca.polling_accumulator(interval="1s")
def ask():
    return {"x": 1.0}


@cloaca.passthrough_accumulator
def slow(event):
    until = time.monotonic() + 0.06
    while time.monotonic() < until:
        pass
    return event


@cloaca.reactor(name="prices", accumulators=["price"])
class Prices:
    pass


with cloaca.ComputationGraphBuilder(
    "alarm",
    reactor=Prices,
    graph={"judge": {"inputs": ["price"], "routes": {"high": "warn", "low": "note"}}, "warn": {}, "note": {}},
):

    @cloaca.node
    def judge(price):
        return ("high" if price > 10 else "low"), price

    @cloaca.node
    def warn(price):
        if price == 999:
            time.sleep(600)
        return {"alarm": price}

    @cloaca.node
    def note(price):
        return None
