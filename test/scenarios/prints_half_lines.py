"""A trigger that fires once, and a task that prints lines without an end."""

import os
import sys

import cloaca

polls = [0]

with cloaca.WorkflowBuilder("says"):

    @cloaca.task(id="say")
    def say(context):
        print("to stdout", end="", flush=True)
        print("half a line", end="", file=sys.stderr, flush=True)
        os.write(2, b", and the rest")


@cloaca.trigger(on="says", poll_interval="20ms", name="once")
def once():
    polls[0] += 1
    return polls[0] == 1
