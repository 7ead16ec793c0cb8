"""Script that faults.test.ts loads."""

import os
import re
import time

import cloaca

fire = cloaca.TriggerResult.fire
skip = cloaca.TriggerResult.skip


@cloaca.trigger("work", poll_interval="1h")
def pid():
    return fire(cloaca.Context({"pid": os.getpid()}))


@cloaca.trigger("work", poll_interval="1h")
def matches():
    """Runs C code that blocks all other threads but checks for signals."""
    re.match(r"(a+)+$", "a" * 40 + "b")
    return skip()


with cloaca.WorkflowBuilder("work"):

    @cloaca.task()
    def sleeps(context):
        time.sleep(600)
        return context
