import cloaca

with cloaca.WorkflowBuilder("nothing_to_do") as builder:
    builder.description("has no task")
