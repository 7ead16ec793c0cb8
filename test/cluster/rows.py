"""A trigger that reads a stream of numbered rows, and a workflow that writes each row to a journal.

Some rows have a key and some do not: a row that is fired twice would be a duplicate, or a second execution.
"""

import os
import random

import cloaca

ROWS = int(os.environ["STREAM_ROWS"])
MAX_BATCH = 25


@cloaca.trigger(on="take_row", poll_interval="10ms", allow_concurrent=True)
def new_rows(state):
    last = state.get("last", 0)
    rows = range(last + 1, min(last + random.randint(1, MAX_BATCH), ROWS) + 1)
    if rows:
        state["last"] = rows[-1]
    return [fired(row) for row in rows]


def fired(row):
    return cloaca.TriggerResult.fire(cloaca.Context({"row": row}), key=f"row-{row}" if row % 2 else None)


with cloaca.WorkflowBuilder("take_row"):

    @cloaca.task()
    def take(context):
        journal = os.open(os.environ["STREAM_JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(journal, f"{context['row']}\n".encode())
        os.close(journal)
        return context
