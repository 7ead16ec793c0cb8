"""The `node` decorator, which makes a function a node of the graph whose block is open."""

from __future__ import annotations

import inspect
from typing import Any, Callable, TypeVar

from .._values import arguments
from . import blocks

F = TypeVar("F", bound=Callable[..., Any])


def node(func: F) -> F:
    """Makes the decorated function a node of the graph whose `ComputationGraphBuilder` block is open.

    The function's name is the name of the node. Use the decorator without parentheses. It returns the function
    unchanged.

    The function is called with positional arguments: first a value for each of the node's ``inputs``, or None for a
    source without a value, then the values of the preceding nodes that ran. The first node of a graph without a reactor
    receives a `Context`. The target of a route receives the payload of its variant. The return value is passed to the
    next node as the same object. A routing node returns a tuple of a variant name and a payload. The return value of a
    terminal node must be convertible to JSON: see `Context`.

    Nodes run one after the other on the thread that runs the graph. ``async def`` functions are rejected.

    Args:
        func: Function of the node.

    Raises:
        ValueError: No block is open on this thread ("must be used inside a ComputationGraphBuilder").
        TypeError: ``func`` is not a function, or is an ``async`` function.

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
        raise TypeError(f"node '{name}' is an async function, but nodes must be synchronous: use def, not async def")
    block._collect(arguments.name(func.__name__, "name"), func)
    return func
