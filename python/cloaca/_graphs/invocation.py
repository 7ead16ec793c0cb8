"""Graph that a task invokes. It receives the output of the task, and its terminal nodes store their values in it."""

from __future__ import annotations

from typing import List

from .._context import Context
from .._declarations.declaration import GraphDeclaration
from .plan import Plan


def contexts_of(plan: Plan, text: str) -> List[Context]:
    """Returns a separate context for each first node."""
    return [Context._from_text(text) for _ in range(plan.root_count)]


def invoke(graph: GraphDeclaration, output_text: str) -> str:
    """Runs a graph with the output of a task, and returns the output with the values of the graph.

    Raises:
        GraphFailed: A node raised an exception or returned an invalid value.
    """
    plan: Plan = graph.plan
    outputs = plan.outputs(plan.run(contexts_of(plan, output_text)))
    if not outputs:
        return output_text
    output = Context._from_text(output_text)
    for name, value in outputs:
        output._write()[name] = value
    return output._text()
