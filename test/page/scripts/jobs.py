"""Script for tests of the page: a trigger that often skips, a trigger that seldom skips, and a short workflow."""

import cloaca

with cloaca.WorkflowBuilder("sorting") as builder:
    builder.description("Sorts what has come in")

    @cloaca.task()
    def sort(context):
        return context


@cloaca.trigger(workflow="sorting", poll_interval="1s")
def inbox():
    return cloaca.TriggerResult.skip("nothing has come in")


@cloaca.trigger(workflow="sorting", poll_interval="1h")
def archive():
    return cloaca.TriggerResult.skip()
