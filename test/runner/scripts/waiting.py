"""A task and triggers that do not end: they wait for a thread, sleep or compute."""

import threading
import time

import cloaca

with cloaca.WorkflowBuilder("patient"):

    @cloaca.task()
    def joins(context):
        thread = threading.Thread(target=naps)
        thread.start()
        thread.join()
        return context


def naps():
    time.sleep(300)


@cloaca.trigger("patient", poll_interval="1h")
def sleeps():
    time.sleep(300)
    return cloaca.TriggerResult.skip()


@cloaca.trigger("patient", poll_interval="1h")
def computes():
    while True:
        pass
