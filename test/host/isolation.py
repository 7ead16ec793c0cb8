"""Triggers that show what the process they run in is, and what they can do to the files of others."""

import os
import time

import cloaca


def fires(**facts):
    return cloaca.TriggerResult.fire(cloaca.Context(facts))


@cloaca.trigger("work", poll_interval="1h")
def pid():
    return fires(pid=os.getpid())


@cloaca.trigger("work", poll_interval="1h")
def reads_everything():
    """Reads each file of the current folder, as a backup does."""
    names = sorted(os.listdir(os.environ["FILES_OF_OTHERS"]))
    for name in names:
        with open(os.path.join(os.environ["FILES_OF_OTHERS"], name), "rb") as file:
            file.read()
    return fires(names=names)


@cloaca.trigger("work", poll_interval="1h")
def sleeps():
    time.sleep(600)
    return cloaca.TriggerResult.skip()


@cloaca.trigger("work", poll_interval="1h")
def computes():
    while True:
        pass
