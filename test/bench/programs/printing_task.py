"""A task that prints many lines. Writes its wall time and processor time into the file that an environment names."""

import json
import os
import time

import cloaca

LINES = 300_000


@cloaca.trigger(on="printing", poll_interval="100ms")
def once():
    if os.path.exists(os.environ["BENCH_RESULT"] + ".begun"):
        return cloaca.TriggerResult.skip()
    with open(os.environ["BENCH_RESULT"] + ".begun", "w"):
        return cloaca.TriggerResult.fire(cloaca.Context({}))


with cloaca.WorkflowBuilder("printing"):

    @cloaca.task(id="lines")
    def lines(ctx):
        begin, processor = time.perf_counter(), time.process_time()
        for number in range(LINES):
            print("line", number)
        figures = {"wall_s": time.perf_counter() - begin, "cpu_s": time.process_time() - processor}
        with open(os.environ["BENCH_RESULT"] + ".part", "w") as result:
            json.dump(figures, result)
        os.replace(os.environ["BENCH_RESULT"] + ".part", os.environ["BENCH_RESULT"])
        return ctx
