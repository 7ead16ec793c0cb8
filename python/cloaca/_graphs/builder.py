"""`ComputationGraphBuilder`: combines functions into the nodes of a graph, in a block."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple, Type, final

from .._declarations import ledger
from .._declarations.declaration import GraphDeclaration, NodeDeclaration, Place, ReactorDeclaration, place_of_caller
from .._sealed import Sealed
from .._types.graphs import Topology
from .._values import arguments
from .._values.convert import json_text, stored_object
from . import blocks, topology
from .invocation import contexts_of
from .plan import GraphFailed, Plan
from .reactor import declaration_of

_NO_BUNDLE = (
    "ComputationGraphBuilder no longer accepts the bundled `react={...}`: decorate a class with @cloaca.reactor, and "
    "pass it as `reactor=`"
)


@final
class ComputationGraphBuilder(Sealed):
    """Builds a computation graph: plain functions that pass values to each other and run one after the other.

    Used as a ``with`` block, it collects the functions that are decorated with `node` in the block. At the end of the
    block it checks and registers the graph. A graph with a ``reactor`` runs each time that reactor fires. A graph
    without a reactor is run by a task: see ``invokes`` of `task`. `execute` runs either graph without a runner. A later
    graph with the same name replaces the earlier one.

    Args:
        name: Unique name of the graph.
        graph: Topology: a dict from the name of each node to a dict with the keys ``inputs`` (list of sources that are
            passed to the node, only with ``reactor``), ``next`` (name of the node that receives its value) or
            ``routes`` (dict from variant to node, for a node that chooses the next node). A node with neither ``next``
            nor ``routes`` is terminal.
        reactor: Class decorated with `reactor`, or None.
        react: Older argument, which is rejected.

    Raises:
        TypeError: A part of the topology has the wrong type, or ``reactor`` is not a decorated class.
        ValueError: ``react`` is given. At the end of the block: a function is not a node of the topology, ``inputs``
            names a source that the reactor does not have or is used without a reactor, ``next`` or a route names an
            unknown node, or there is a cycle.
        AttributeError: At the end of the block, a node has no function.

    Example:
        >>> with ComputationGraphBuilder("double", graph={"read": {"next": "out"}, "out": {}}) as g:
        ...     @node
        ...     def read(ctx):
        ...         return ctx["n"]
        ...     @node
        ...     def out(n):
        ...         return n * 2
        >>> g.execute({"n": 21})
        42
    """

    __slots__ = ("_name", "_nodes", "_reactor", "_functions", "_declaration", "_place")

    _name: str
    _nodes: Tuple[NodeDeclaration, ...]
    _reactor: Optional[ReactorDeclaration]
    #: Functions that were decorated in the block.
    _functions: Dict[str, Callable[..., Any]]
    #: Declaration of the graph, or None while the block is open.
    _declaration: Optional[GraphDeclaration]
    _place: Optional[Place]

    def __init__(self, name: str, *, graph: Topology, reactor: Optional[Type[Any]] = None, react: Any = None) -> None:
        self._name = arguments.name(name, "name")
        if react is not None:
            raise ValueError(_NO_BUNDLE)
        self._nodes = topology.nodes_of(graph)
        self._reactor = None if reactor is None else declaration_of(reactor)
        self._functions = {}
        self._declaration = None
        self._place = place_of_caller()

    @property
    def NAME(self) -> str:
        """Name of the graph."""
        return self._name

    def execute(self, inputs: Dict[str, Any]) -> Any:
        """Runs the graph once on this thread, and returns the value of its terminal node.

        Args:
            inputs: With a reactor, values by source, converted as in a `Context`. A missing source is None, and unknown
                sources are ignored. Without a reactor, the content of the context that the first node receives.

        Returns:
            The value of the terminal node that ran, as JSON data. If several ran, the value of the last one. None if
            none ran.

        Raises:
            TypeError: ``inputs`` is not a dict, or contains a value that cannot be stored as JSON ("unsupported type").
            ValueError: The block is still open ("not built yet"), or a node raised an exception or returned an invalid
                value ("graph execution failed"). The exception of the node is the cause.
        """
        declaration = self._declaration
        if declaration is None:
            raise ValueError(f"graph '{self._name}' not built yet: call execute() after the end of its block")
        if not isinstance(inputs, dict):
            arguments.refuse(inputs, "inputs", "dict")
        plan: Plan = declaration.plan
        try:
            outputs = plan.outputs(plan.run(_given_of(declaration, inputs)))
        except GraphFailed as error:
            raise ValueError(f"graph execution failed: {error}") from error.__cause__
        return outputs[-1][1] if outputs else None

    def _collect(self, name: str, function: Callable[..., Any]) -> None:
        """Collects a function that is decorated in the block."""
        self._functions[name] = function

    def __enter__(self) -> ComputationGraphBuilder:
        self._functions = {}
        blocks.enter(self)
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        blocks.leave(self)
        functions, self._functions = self._functions, {}
        if kind is None:
            self._declaration = self._checked(functions)
            ledger.record_graph(self._declaration)

    def _checked(self, functions: Mapping[str, Callable[..., Any]]) -> GraphDeclaration:
        wrong = topology.function_problem(self._nodes, functions, self._name)
        if wrong is not None:
            raise wrong
        reactor = self._reactor
        sources: Sequence[str] = () if reactor is None else reactor.sources
        reactor_name = None if reactor is None else reactor.name
        problems = topology.problems_of(self._nodes, self._name, reactor_name, sources)
        if problems:
            raise ValueError("; ".join(problems))
        order = topology.order_of(self._nodes, self._name)
        return GraphDeclaration(
            name=self._name,
            reactor=reactor_name,
            nodes=self._nodes,
            plan=Plan(self._nodes, order, functions, reactor is not None),
            description="" if reactor is None else reactor.description,
            place=self._place,
        )

    def __repr__(self) -> str:
        return f"ComputationGraphBuilder(name='{self._name}', nodes={len(self._nodes)})"


def declaration_of_graph(graph: object) -> Optional[GraphDeclaration]:
    """Returns the declaration of a builder, or None before its block is closed or for any other object."""
    return graph._declaration if isinstance(graph, ComputationGraphBuilder) else None


def _given_of(declaration: GraphDeclaration, inputs: Dict[str, Any]) -> Sequence[Any]:
    plan: Plan = declaration.plan
    if declaration.reactor is None:
        return contexts_of(plan, json_text(stored_object(inputs)))
    return plan.given_of(stored_object({source: inputs[source] for source in plan.sources if source in inputs}))
