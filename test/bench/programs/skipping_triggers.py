"""As many triggers as `BENCH_TRIGGERS` says, each polled every second and never firing; a workflow tells how often they were."""

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
