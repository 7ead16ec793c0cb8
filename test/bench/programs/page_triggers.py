"""Triggers for the figures of the page: one that is polled all the time, and others that have a long history."""

import cloaca

with cloaca.WorkflowBuilder("nothing"):

    @cloaca.task()
    def only(context):
        return context


@cloaca.trigger(workflow="nothing", poll_interval="50ms")
def busy():
    return cloaca.TriggerResult.skip("nothing to do")


for number in range(20):

    @cloaca.trigger(workflow="nothing", poll_interval="1h", name=f"old_{number}")
    def old():
        return cloaca.TriggerResult.skip()
