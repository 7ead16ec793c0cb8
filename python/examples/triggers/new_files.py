"""Watches a folder and starts a workflow for each new file.

A global variable of the module contains the files that already fired, so a second file does not wait for the first one.
The workflow moves a file out of the inbox at its end. If the engine stops before that, the file fires again at the next
start.

Run it:

    cloaca serve python/examples/triggers/new_files.py

Then, in another terminal:

    mkdir -p /tmp/cloaca-examples/inbox
    echo "7 parcels" > /tmp/cloaca-examples/inbox/monday.txt

You will see, within a second:

    inbox: monday.txt, 1 line, moved to done
"""

import os
import tempfile
from pathlib import Path

import cloaca

FOLDER = Path(cloaca.var_or("EXAMPLES", os.path.join(tempfile.gettempdir(), "cloaca-examples")))
INBOX = FOLDER / "inbox"
DONE = FOLDER / "done"

announced = set()


@cloaca.trigger(workflow="ingest_file", poll_interval="500ms")
def inbox_watcher():
    """Fires once for each text file in the inbox.

    From another terminal:

        mkdir -p /tmp/cloaca-examples/inbox
        echo "7 parcels" > /tmp/cloaca-examples/inbox/monday.txt
    """
    waiting = {path.name for path in INBOX.glob("*.txt")} if INBOX.exists() else set()
    announced.intersection_update(waiting)
    fresh = sorted(waiting - announced)
    if not fresh:
        return cloaca.TriggerResult.skip()
    announced.add(fresh[0])
    return cloaca.TriggerResult.fire(cloaca.Context({"file": fresh[0]}))


with cloaca.WorkflowBuilder("ingest_file") as workflow:
    workflow.description("Reads a file of the inbox and moves it to the folder done")

    @cloaca.task()
    def read(ctx):
        ctx.set("lines", (INBOX / ctx["file"]).read_text().splitlines())
        return ctx

    @cloaca.task(dependencies=[read])
    def move(ctx):
        DONE.mkdir(parents=True, exist_ok=True)
        (INBOX / ctx["file"]).replace(DONE / ctx["file"])
        count = len(ctx["lines"])
        print(f"inbox: {ctx['file']}, {count} line{'' if count == 1 else 's'}, moved to done")
        return ctx
