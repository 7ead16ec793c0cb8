"""One trigger, of which nothing is heard for an hour."""

import cloaca

with cloaca.WorkflowBuilder("rest"):

    @cloaca.task(id="nothing")
    def nothing(context):
        return context


@cloaca.trigger("rest", poll_interval="1h")
def hourly():
    return cloaca.TriggerResult.skip()
