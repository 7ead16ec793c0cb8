"""Starts another worker at each poll while a queue is too long.

``allow_concurrent=True`` disables deduplication, so executions overlap, and the number of workers grows until they keep
up. A worker claims a job by renaming its file, so only one worker gets it.

Run it:

    cloaca serve python/examples/triggers/queue_depth.py

Then, in another terminal:

    mkdir -p /tmp/cloaca-examples/queue
    for n in 1 2 3 4 5 6; do echo "job $n" > /tmp/cloaca-examples/queue/$n.job; done

You will see workers until fewer than three jobs are left:

    queue: 6 jobs wait, one more worker
    queue: a worker did 4 jobs
"""

import os
import tempfile
import time
from pathlib import Path

import cloaca

FOLDER = Path(cloaca.var_or("EXAMPLES", os.path.join(tempfile.gettempdir(), "cloaca-examples")))
QUEUE = FOLDER / "queue"
TOO_DEEP = 3
JOBS_PER_WORKER = 4


@cloaca.trigger(workflow="work_off", poll_interval="500ms", allow_concurrent=True)
def queue_too_deep():
    depth = len(list(QUEUE.glob("*.job"))) if QUEUE.exists() else 0
    if depth < TOO_DEEP:
        return cloaca.TriggerResult.skip()
    print(f"queue: {depth} jobs wait, one more worker")
    return cloaca.TriggerResult.fire(cloaca.Context({"depth": depth}))


with cloaca.WorkflowBuilder("work_off") as workflow:
    workflow.description("Claims jobs of the queue and runs them")

    @cloaca.task()
    def work(ctx):
        done = 0
        for job in sorted(QUEUE.glob("*.job")):
            if done < JOBS_PER_WORKER and claim(job):
                done += 1
        print(f"queue: a worker did {done} jobs")
        ctx.set("done", done)
        return ctx


def claim(job):
    """Claims and runs a job. Returns False if another worker has claimed it."""
    claimed = job.with_suffix(".claimed")
    try:
        job.rename(claimed)
    except FileNotFoundError:
        return False
    time.sleep(0.05)
    claimed.unlink()
    return True
