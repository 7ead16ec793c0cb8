"""Empties a queue when it contains more than five jobs."""

import os

import cloaca

QUEUE = os.path.join(os.environ.get("DATA_DIR", "."), "queue")
THRESHOLD = 5


@cloaca.trigger(on="drain_queue", poll_interval="20ms")
def queue_depth():
    return len(os.listdir(QUEUE)) > THRESHOLD


with cloaca.WorkflowBuilder("drain_queue"):

    @cloaca.task()
    def drain(context):
        names = os.listdir(QUEUE)
        for name in names:
            os.remove(os.path.join(QUEUE, name))
        context.set("drained", len(names))
        return context
