"""Times polling: many triggers each second, one of which may hang. Prints the figures as JSON.

Arguments: number of triggers, seconds, seconds that one more trigger sleeps in each poll (0: there is none).
"""

import json
import sys
import time

import cloaca

count, seconds, hang = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
calls = []


def declare(index):
    @cloaca.trigger(workflow="never", name=f"t{index}", poll_interval="1s")
    def poll():
        calls.append(time.time())
        return cloaca.TriggerResult.skip()


for index in range(count):
    declare(index)

if hang:

    @cloaca.trigger(workflow="never", poll_interval="1s")
    def hangs():
        time.sleep(hang)
        return cloaca.TriggerResult.skip()


with cloaca.DefaultRunner(":memory:"):
    time.sleep(seconds)

# Every trigger is due at the same instant of each second: the earliest phase is that instant.
phases = [((at - calls[0] + 0.5) % 1.0) - 0.5 for at in calls]
due = min(phases)
lateness_ms = sorted((phase - due) * 1000 for phase in phases)
print(json.dumps({"polls": len(calls), "p99_ms": lateness_ms[int(len(calls) * 0.99)]}))
