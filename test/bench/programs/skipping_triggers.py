"""`BENCH_TRIGGERS` triggers that are polled every second and always skip, and a workflow that returns their polls."""

import os

import cloaca

polls = 0


def declare(index):
    @cloaca.trigger(workflow="never", name=f"t{index}", poll_interval="1s")
    def poll():
        global polls
        polls += 1
        return cloaca.TriggerResult.skip()


for index in range(int(os.environ["BENCH_TRIGGERS"])):
    declare(index)

with cloaca.WorkflowBuilder("count"):

    @cloaca.task()
    def count(ctx):
        return cloaca.Context({"polls": polls})
