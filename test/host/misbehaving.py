"""Triggers and tasks that hang, crash or ignore exceptions."""

import collections
import itertools
import os
import signal
import time

import cloaca

skip = cloaca.TriggerResult.skip
polls = 0
#: Names of tasks whose functions have begun.
begun = []
is_woken = False


@cloaca.trigger("work", poll_interval="1h")
def remember():
    """Fires with the number of polls since the interpreter started, and the tasks that have begun."""
    global polls
    polls += 1
    return cloaca.TriggerResult.fire(cloaca.Context({"polls": polls, "begun": begun}))


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


@cloaca.trigger("work", poll_interval="1h")
def aborts_in_c():
    import posix

    posix.abort()


@cloaca.trigger("work", poll_interval="1h")
def faults():
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(600)


with cloaca.WorkflowBuilder("work"):

    @cloaca.task()
    def patient(context):
        begun.append("patient")
        time.sleep(600)
        return context

    @cloaca.task()
    def endless(context):
        begun.append("endless")
        while True:
            pass

    @cloaca.task()
    def until_woken(context):
        while not is_woken:
            time.sleep(0.01)
        context.set("woken", True)
        return context

    @cloaca.task()
    def waker(context):
        global is_woken
        is_woken = True
        return context

    @cloaca.task()
    def unchanged(context):
        return context

    @cloaca.task()
    def quick(context):
        context.set("polls", polls)
        return context

    @cloaca.task()
    def counts_for_ever(context):
        begun.append("counts_for_ever")
        collections.deque(itertools.count(), maxlen=0)
