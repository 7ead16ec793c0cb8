"""Times the way from a firing to the start of its first task. Prints the figures as JSON.

Argument: the database, by default in memory.
"""

import json
import sys
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


with cloaca.DefaultRunner(sys.argv[1] if len(sys.argv) > 1 else ":memory:"):
    while len(delays_ms) < 200:
        time.sleep(0.05)

delays_ms.sort()
print(json.dumps({"p50_ms": delays_ms[len(delays_ms) // 2], "p99_ms": delays_ms[len(delays_ms) * 99 // 100]}))
