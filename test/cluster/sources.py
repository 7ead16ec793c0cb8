"""Six triggers that watch folders, and a workflow that moves the files away.

Each poll and each task is noted in a journal that all processes share.
"""

import json
import os
import time

import cloaca

FOLDER = os.environ["CLUSTER_FOLDER"]
SOURCES = 6


def note(**facts):
    facts.update(pid=os.getppid(), at=time.time())
    journal = os.open(f"{FOLDER}/journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(journal, (json.dumps(facts) + "\n").encode())
    os.close(journal)


def watch(source):
    @cloaca.trigger(name=f"source{source}", poll_interval="200ms", on="move")
    def poll():
        note(kind="poll", name=source, edge="begin")
        files = sorted(os.listdir(f"{FOLDER}/inbox/{source}"))
        note(kind="poll", name=source, edge="end")
        if not files:
            return cloaca.TriggerResult.skip("nothing there")
        return cloaca.TriggerResult.fire(cloaca.Context({"file": f"{source}/{files[0]}"}))


for number in range(SOURCES):
    watch(number)


with cloaca.WorkflowBuilder("move"):

    @cloaca.task(id="away")
    def away(context):
        file = context.get("file")
        note(kind="task", name=file, edge="begin")
        time.sleep(0.05)
        try:
            os.rename(f"{FOLDER}/inbox/{file}", f"{FOLDER}/done/{file}")
        except FileNotFoundError:
            pass  # an earlier attempt has moved the file, and could not report it
        note(kind="task", name=file, edge="end")
        return context
