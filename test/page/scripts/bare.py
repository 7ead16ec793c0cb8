"""What the pages of tests show of an engine that has done nothing yet: a workflow that nobody starts."""

import cloaca

with cloaca.WorkflowBuilder("bare"):

    @cloaca.task()
    def only(context):
        return context
