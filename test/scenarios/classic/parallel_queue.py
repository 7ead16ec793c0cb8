"""Starts a run for each job of a queue. The runs overlap, also those of equal jobs."""

import threading

import cloaca

jobs = ["resize", "resize", "resize"]
together = threading.Barrier(3)


@cloaca.trigger(on="job_worker", name="job_queue", poll_interval="20ms", allow_concurrent=True)
def take_job():
    if not jobs:
        return cloaca.TriggerResult.skip()
    return cloaca.TriggerResult.fire(cloaca.Context({"job": jobs.pop()}))


with cloaca.WorkflowBuilder("job_worker"):

    @cloaca.task()
    def work(context):
        together.wait(timeout=60)
        context.set("met", together.parties)
        return context
