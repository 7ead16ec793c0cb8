"""Runs workflows that another process submits, and times the way to the first task. Prints the figures as JSON.

Arguments: the database, and the number of workflows. The line "ready" tells the other process to begin.
"""

import json
import sys
import time

import cloaca

delays_ms = []

with cloaca.WorkflowBuilder("asked"):

    @cloaca.task()
    def first(ctx):
        delays_ms.append((time.time() * 1000) - ctx["at"])
        return ctx


with cloaca.DefaultRunner(sys.argv[1]):
    print("ready", flush=True)
    while len(delays_ms) < int(sys.argv[2]):
        time.sleep(0.05)

delays_ms.sort()
print(json.dumps({"p50_ms": delays_ms[len(delays_ms) // 2], "p99_ms": delays_ms[len(delays_ms) * 99 // 100]}))
