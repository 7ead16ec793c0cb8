"""Script for tests of almost empty screens of the page: a workflow that has never run."""

import cloaca

with cloaca.WorkflowBuilder("nothing_yet"):

    @cloaca.task()
    def only(context):
        return context
