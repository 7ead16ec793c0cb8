import cloaca

with cloaca.WorkflowBuilder("dangling"):

    @cloaca.task(dependencies=["fetch"])
    def load(context):
        return context
