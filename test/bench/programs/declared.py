"""Workflows for measurements, whose tasks do nothing."""

import cloaca


def identity(ctx):
    return ctx


def declare(name, tasks):
    """Declares a workflow of (id, dependencies) pairs."""
    with cloaca.WorkflowBuilder(name):
        for task_id, dependencies in tasks:
            cloaca.task(id=task_id, dependencies=dependencies)(identity)


declare("one", [("only", [])])
declare("chain", [(f"t{i}", [f"t{i - 1}"] if i else []) for i in range(100)])
declare("fan", [(f"t{i}", []) for i in range(1000)])
