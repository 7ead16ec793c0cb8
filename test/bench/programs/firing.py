"""Times the way from a firing to the start of its first task. Prints the median as JSON."""

import json
import time

import cloaca

delays_ms = []

with cloaca.WorkflowBuilder("fired"):

    @cloaca.task()
    def first(ctx):
        delays_ms.append((time.time() - ctx["at"]) * 1000)
        return ctx


@cloaca.trigger(workflow="fired", poll_interval="20ms", allow_concurrent=True)
def fires():
    return cloaca.TriggerResult.fire(cloaca.Context({"at": time.time()}))


with cloaca.DefaultRunner(":memory:"):
    while len(delays_ms) < 200:
        time.sleep(0.05)

print(json.dumps({"p50_ms": sorted(delays_ms)[len(delays_ms) // 2]}))
