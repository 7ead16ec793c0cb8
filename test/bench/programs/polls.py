"""Times the polls of many triggers per second, with an optional slow trigger. Prints the figures as JSON.

Arguments: number of triggers, seconds, seconds that an additional trigger sleeps in each poll (0 for no such trigger),
and the database, by default in memory. The first six seconds, in which code is compiled, are not counted.
"""

import json
import os
import sys
import time

import cloaca

WARM_UP_S = 6
TICKS_PER_S = 100

count, seconds, hang = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
calls = []  # (trigger, time)


def declare(index):
    @cloaca.trigger(workflow="never", name=f"t{index}", poll_interval="1s")
    def poll():
        calls.append((index, time.time()))
        return cloaca.TriggerResult.skip()


def engine_pid():
    with open(f"/proc/{os.getpid()}/task/{os.getpid()}/children") as children:
        started = children.read().split()
    return started[0] if started else os.getppid()


def computed_s():
    """Returns the processor time of Python and of the engine: its parent in `cloaca run`, or its child in CPython."""
    ticks = 0
    for pid in (os.getpid(), engine_pid()):
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().split(") ")[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_S


for index in range(count):
    declare(index)

if hang:

    @cloaca.trigger(workflow="never", poll_interval="1s")
    def hangs():
        time.sleep(hang)
        return cloaca.TriggerResult.skip()


with cloaca.DefaultRunner(sys.argv[4] if len(sys.argv) > 4 else ":memory:"):
    time.sleep(WARM_UP_S)
    calls.clear()
    before_s = computed_s()
    time.sleep(seconds)
    cpu_s = computed_s() - before_s
    counted = list(calls)

# A trigger is due every second. The lateness of a poll is measured from the earliest phase of its trigger.
offsets = {}
for index, at in counted:
    offsets.setdefault(index, []).append(at - counted[0][1])
lateness_ms = []
for of_one in offsets.values():
    phases = [(offset - of_one[0] + 0.5) % 1.0 for offset in of_one]
    lateness_ms += [(phase - min(phases)) * 1000 for phase in phases]
lateness_ms.sort()
p99_ms = lateness_ms[int(len(lateness_ms) * 0.99)]
print(json.dumps({"polls": len(counted), "p99_ms": p99_ms, "cpu_s": cpu_s}))
