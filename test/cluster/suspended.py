"""Two triggers and a workflow. Each call of their functions is noted in a journal that all processes share."""

import json
import os
import time

import cloaca


def note(at, **facts):
    facts.update(pid=os.getpid(), at=at)
    journal = os.open(os.path.join(os.environ["CLUSTER_FOLDER"], "journal"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(journal, (json.dumps(facts) + "\n").encode())
    os.close(journal)


# Functions read the time before they call `note`, so that a call that is suspended in between keeps its real time.
# They read the wall clock, because Pyodide's monotonic clock counts from the start of its process.


@cloaca.trigger(name="a-watched", poll_interval="20ms", on="count")
def watched():
    note(time.time(), kind="poll", name="a-watched")
    return False


@cloaca.trigger(name="b-other", poll_interval="20ms", on="count")
def other():
    note(time.time(), kind="poll", name="b-other")
    return False


with cloaca.WorkflowBuilder("count"):

    @cloaca.task(id="one")
    def one(context):
        note(time.time(), kind="task", name=str(context.get("number")))
        return context
