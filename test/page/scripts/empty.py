"""What the pages of tests show where there is next to nothing: a workflow that has never run."""

import cloaca

with cloaca.WorkflowBuilder("nothing_yet"):

    @cloaca.task()
    def only(context):
        return context
