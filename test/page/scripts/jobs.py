"""What the pages of tests show: triggers that skip, one of them often, and a workflow that ends well."""

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
