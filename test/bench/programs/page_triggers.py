"""Triggers for measurements of the page: one is polled every 50 ms, and the others get a long history."""

import cloaca

with cloaca.WorkflowBuilder("nothing"):

    @cloaca.task()
    def only(context):
        return context

for number in range(10):
    with cloaca.WorkflowBuilder(f"w{number}"):

        @cloaca.task()
        def alone(context):
            return context


@cloaca.trigger(workflow="nothing", poll_interval="50ms")
def busy():
    return cloaca.TriggerResult.skip("nothing to do")


for number in range(20):

    @cloaca.trigger(workflow="nothing", poll_interval="1h", name=f"old_{number}")
    def old():
        return cloaca.TriggerResult.skip()
