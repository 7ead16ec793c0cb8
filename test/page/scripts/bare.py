"""Script for tests of the page with an engine without executions: a workflow that never starts."""

import cloaca

with cloaca.WorkflowBuilder("bare"):

    @cloaca.task()
    def only(context):
        return context
