import cloaca

with cloaca.WorkflowBuilder("broken":
    pass
