"""Times polling: many triggers each second, one of which may hang. Prints the figures as JSON.

Arguments: number of triggers, seconds, seconds that one more trigger sleeps in each poll (0: there is none).
"""

import json
import sys
import time

import cloaca

count, seconds, hang = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
calls = []  # (trigger, instant)


def declare(index):
    @cloaca.trigger(workflow="never", name=f"t{index}", poll_interval="1s")
    def poll():
        calls.append((index, time.time()))
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

# A trigger is due every second from its first poll on. The first of all its polls may be late itself, so each one is
# held against the earliest phase of its trigger.
offsets = {}
for index, at in calls:
    offsets.setdefault(index, []).append(at - calls[0][1])
lateness_ms = []
for of_one in offsets.values():
    phases = [(offset - of_one[0] + 0.5) % 1.0 for offset in of_one]
    lateness_ms += [(phase - min(phases)) * 1000 for phase in phases]
lateness_ms.sort()
print(json.dumps({"polls": len(calls), "p99_ms": lateness_ms[int(len(lateness_ms) * 0.99)]}))
