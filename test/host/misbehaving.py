"""Triggers and tasks that do what they should not."""

import collections
import itertools
import os
import time

import cloaca

skip = cloaca.TriggerResult.skip
polls = 0


@cloaca.trigger("work", poll_interval="1h")
def remember():
    """The number of polls since the interpreter started."""
    global polls
    polls += 1
    return cloaca.TriggerResult.fire(cloaca.Context({"polls": polls}))


@cloaca.trigger("work", poll_interval="1h")
def sleeps():
    time.sleep(600)
    return skip()


@cloaca.trigger("work", poll_interval="1h")
def computes():
    while True:
        pass


@cloaca.trigger("work", poll_interval="1h")
def catches_exceptions():
    while True:
        try:
            time.sleep(600)
        except Exception:
            continue


@cloaca.trigger("work", poll_interval="1h")
def computes_in_c():
    collections.deque(itertools.count(), maxlen=0)


@cloaca.trigger("work", poll_interval="1h")
def leaves():
    os._exit(3)


@cloaca.trigger("work", poll_interval="1h")
def aborts():
    os.abort()


with cloaca.WorkflowBuilder("work"):

    @cloaca.task()
    def patient(context):
        time.sleep(600)
        return context

    @cloaca.task()
    def endless(context):
        while True:
            pass

    @cloaca.task()
    def quick(context):
        context.set("polls", polls)
        return context
