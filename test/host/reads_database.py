"""Trigger that reads every file of a folder again and again, like a program that hashes files."""

import os
import time

import cloaca

FOLDER = os.environ["FILES_OF_OTHERS"]
reads = 0


@cloaca.trigger("count", poll_interval="50ms")
def watches():
    global reads
    until = time.monotonic() + 0.2
    while time.monotonic() < until:
        for name in os.listdir(FOLDER):
            with open(os.path.join(FOLDER, name), "rb") as file:
                file.read()
            reads += 1
    return cloaca.TriggerResult.skip()


with cloaca.WorkflowBuilder("count"):

    @cloaca.task()
    def so_far(context):
        context.set("reads", reads)
        return context
