"""The `node` decorator: declares a function as a node of the graph whose block is open."""

from __future__ import annotations

import inspect
from typing import Any, Callable, TypeVar

from .._values import arguments
from . import blocks

F = TypeVar("F", bound=Callable[..., Any])


def node(func: F) -> F:
    """Declares the decorated function as the node of its name, in the `ComputationGraphBuilder` block that is open.

    Used bare, without parentheses. It is called by position: with a value for each of the node's ``inputs``, None for a
    source that has none, and then with the values of the nodes that lead to it and ran. The first node of a graph
    without a reactor gets one `Context`, and the target of a route the payload of the variant. What it returns goes to
    the next node as the same object; a routing node returns a tuple of a variant's name and a payload; what a node
    without a next one returns must have a JSON form, see `Context`. The decorator returns the function unchanged.

    Nodes are called one after another, on the thread that runs the graph. ``async def`` functions are not awaited, and
    refused.

    Args:
        func: The function.

    Raises:
        ValueError: No block is open on this thread ("must be used inside a ComputationGraphBuilder").
        TypeError: It is not a function, or an ``async`` one.

    Example:
        >>> with ComputationGraphBuilder("double", graph={"out": {}}):
        ...     @node
        ...     def out(ctx):
        ...         return ctx["n"] * 2
    """
    block = blocks.current()
    arguments.function(func, "func")
    if inspect.iscoroutinefunction(func) or inspect.isasyncgenfunction(func):
        name = getattr(func, "__name__", "func")
        raise TypeError(f"node '{name}' is an async function: nodes are called one after another, without awaiting any")
    block._collect(arguments.text(func.__name__, "name"), func)
    return func
