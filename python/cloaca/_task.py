"""The `task` decorator: declares a function as a task of the workflow whose block is open."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any, Callable, Dict, List, Literal, NoReturn, Optional, Tuple, TypeVar, Union, final

from . import _rules
from ._declarations import blocks, ledger
from ._declarations.declaration import GraphDeclaration, Namespace, TaskDeclaration, place_of
from ._graphs.builder import ComputationGraphBuilder, declaration_of_graph
from ._policy import DEFAULT_VALUES, BackoffStrategy, RetryCondition, RetryPolicy, policy_of
from ._sealed import Unbuildable, new
from ._types.functions import FailureCallback, ListOf, PostInvocation, SuccessCallback, TaskFunction
from ._types.rules import TriggerRule
from ._values import arguments
from ._values.duration import optional_limit_ms

F = TypeVar("F", bound=TaskFunction)

_BACKOFFS = {
    "fixed": BackoffStrategy.fixed(),
    "linear": BackoffStrategy.linear(1.0),
    "exponential": BackoffStrategy.exponential(2.0),
}

_CONDITIONS = {
    "never": RetryCondition.never(),
    "transient": RetryCondition.transient_only(),
    "all": RetryCondition.all_errors(),
}


@final
class TaskDecorator(Unbuildable):
    """What `task` returns: decorates a function and returns the same function."""

    __slots__ = (
        "_id",
        "_dependencies",
        "_policy",
        "_timeout_ms",
        "_rule",
        "_callbacks",
        "_invokes",
        "_post_invocation",
    )

    _id: Optional[str]
    _dependencies: List[Any]
    _policy: RetryPolicy
    _timeout_ms: Optional[int]
    _rule: Dict[str, Any]
    _callbacks: Tuple[Optional[Callable[..., Any]], Optional[Callable[..., Any]]]
    _invokes: Any
    _post_invocation: Any

    def __call__(self, func: F) -> F:
        """Adds ``func`` to the workflow whose block is open on this thread."""
        arguments.function(func, "func")
        block = blocks.current()
        graph = self._graph()
        named: Any = func
        task_id: str = arguments.text(named.__name__, "id") if self._id is None else self._id
        block._collect(
            TaskDeclaration(
                id=task_id,
                namespace=block._namespace,
                dependencies=_dependency_ids(self._dependencies, block._namespace),
                policy=self._policy,
                timeout_ms=self._timeout_ms,
                rule=self._rule,
                function=func,
                takes_handle=takes_handle(func),
                on_success=self._callbacks[0],
                on_failure=self._callbacks[1],
                invokes=graph,
                post_invocation=self._post_invocation,
                place=place_of(func),
            )
        )
        return func

    def _graph(self) -> Optional[GraphDeclaration]:
        graph = self._invokes
        if graph is None:
            if self._post_invocation is not None:
                raise ValueError("`post_invocation` requires `invokes=...`: it runs after a graph")
            return None
        if not hasattr(graph, "NAME"):
            got = type(graph).__name__
            raise ValueError(f"`invokes` must be a computation graph, got {got}: it must expose a `NAME` attribute")
        declaration = declaration_of_graph(graph)
        if declaration is None:
            raise ValueError(
                f"computation graph '{graph.NAME}' is not registered: `invokes` takes a ComputationGraphBuilder whose "
                "block has closed"
            )
        if declaration.reactor is not None:
            raise ValueError(
                f"computation graph '{declaration.name}' is reactor-triggered: it runs when reactor "
                f"'{declaration.reactor}' fires, and a task can invoke only a graph without one"
            )
        return declaration


@arguments.by_name
def task(
    *,
    id: Optional[str] = None,
    dependencies: Optional[ListOf[Union[str, Callable[..., Any]]]] = None,
    retry: Optional[RetryPolicy] = None,
    retry_attempts: Optional[int] = None,
    retry_backoff: Optional[Literal["fixed", "linear", "exponential"]] = None,
    retry_delay_ms: Optional[int] = None,
    retry_max_delay_ms: Optional[int] = None,
    retry_condition: Optional[Literal["all", "transient", "never"]] = None,
    retry_jitter: Optional[bool] = None,
    on_success: Optional[SuccessCallback] = None,
    on_failure: Optional[FailureCallback] = None,
    invokes: Optional[ComputationGraphBuilder] = None,
    post_invocation: Optional[PostInvocation] = None,
    trigger_rules: Optional[TriggerRule] = None,
    timeout: Optional[str] = None,
) -> TaskDecorator:
    """Declares the decorated function as a task of the workflow whose `WorkflowBuilder` block is open on this thread.

    The function is called with a `Context` of its own, and with a `TaskHandle` when its second parameter is named
    ``handle`` or ``task_handle``. It returns the context that is its output; None stands for its unchanged input, and
    an exception fails the attempt. ``async def`` functions are awaited. The input of a task is the initial context of
    its run, or, with dependencies, the merge of their outputs in the order of ``dependencies``. The decorator returns
    the function unchanged. A later task of the same id replaces the earlier one.

    Args:
        id: Id of the task within its workflow; the function's name unless given.
        dependencies: Ids or decorated functions of the tasks that must have ended, however, before it starts.
        retry: A complete policy; excludes the ``retry_`` keywords, each of which replaces a part of the default policy.
        retry_attempts: Attempts in total, 3 unless given; 1 and 0 both mean a single try.
        retry_backoff: "fixed", "linear" or "exponential" (the default).
        retry_delay_ms: Milliseconds before the second attempt, 1000 unless given.
        retry_max_delay_ms: Longest delay in milliseconds, 60000 unless given.
        retry_condition: "all" (the default), "transient" or "never".
        retry_jitter: Whether delays vary by a quarter, True unless given.
        on_success: ``on_success(task_id, context)`` is called after a successful attempt, with the output.
        on_failure: ``on_failure(task_id, error, context)`` is called after every failed attempt, also one that is
            tried again. What a callback returns or raises does not change the task's outcome.
        invokes: A `ComputationGraphBuilder` without a reactor, whose block has closed: its graph runs after the body,
            in the same attempt. Its first node gets the output; each terminal node that ran stores its value there,
            under the name of the node.
        post_invocation: ``post_invocation(context)`` is called after that graph with the output. A `Context` that it
            returns replaces the output, anything else is ignored. An exception fails the attempt, as one in the graph
            does.
        trigger_rules: Condition for running at all, such as ``task_success("fetch")``; the task is skipped when it is
            false. `always` unless given: a task runs even if its dependencies failed.
        timeout: An addition: how long one attempt may take before it is stopped and fails, deferral included, such as
            "90s"; what the engine is set to unless given, 5 min by default.

    Raises:
        ValueError: An unknown backoff or condition, a malformed timeout, ``retry`` together with ``retry_`` keywords,
            an invalid rule; when decorating: no block is open on this thread, a dependency is neither text nor
            function, ``post_invocation`` comes without ``invokes``, or that is no graph, one whose block has not
            closed, or one with a reactor.
        TypeError: An argument has a wrong type.
        OverflowError: A number is negative.

    Example:
        >>> with WorkflowBuilder("greet"):
        ...     @task(retry_attempts=1)
        ...     def hello(ctx):
        ...         ctx.set("line", "hello")
        ...         return ctx
    """
    decorator = new(TaskDecorator)
    decorator._id = arguments.optional_text(id, "id")
    decorator._dependencies = [] if dependencies is None else arguments.items(dependencies, "dependencies")
    decorator._policy = _policy(
        retry,
        retry_attempts=arguments.optional_unsigned(retry_attempts, "retry_attempts"),
        retry_backoff=arguments.optional_text(retry_backoff, "retry_backoff"),
        retry_delay_ms=arguments.optional_unsigned(retry_delay_ms, "retry_delay_ms"),
        retry_max_delay_ms=arguments.optional_unsigned(retry_max_delay_ms, "retry_max_delay_ms"),
        retry_condition=arguments.optional_text(retry_condition, "retry_condition"),
        retry_jitter=arguments.optional_flag(retry_jitter, "retry_jitter"),
    )
    decorator._timeout_ms = optional_limit_ms(timeout, "timeout")
    decorator._rule = _rules.ALWAYS if trigger_rules is None else _rules.checked(trigger_rules)
    decorator._callbacks = (
        arguments.optional_function(on_success, "on_success"),
        arguments.optional_function(on_failure, "on_failure"),
    )
    decorator._invokes, decorator._post_invocation = invokes, post_invocation
    return decorator


def constructor(
    id: str,
    from_: str,
    constructor: str,
    config: Any = None,
    grants: Any = None,
    dependencies: Any = None,
    runtime: Any = None,
) -> NoReturn:
    """Adds a task that an external, sandboxed provider implements. This engine has no providers: it always raises.

    Args:
        id: Id of the task within its workflow.
        from_: Name of the provider.
        constructor: Name of what the provider is to make.
        config: Settings of the provider.
        grants: What the provider may use.
        dependencies: Ids of the tasks that must have ended before.
        runtime: Where the provider runs.

    Raises:
        ValueError: No `WorkflowBuilder` block is open on this thread; otherwise, there are no providers.
    """
    for value, name in ((id, "id"), (from_, "from_"), (constructor, "constructor")):
        arguments.text(value, name)
    blocks.current()
    raise ValueError(f"Cannot add '{id}' from provider '{from_}': this engine has no task providers. Use @cloaca.task.")


def _policy(retry: Optional[RetryPolicy], **given: Any) -> RetryPolicy:
    """The policy of a task: the given one, or the default with each part that a keyword replaces."""
    keywords = {name: value for name, value in given.items() if value is not None}
    if retry is not None and not isinstance(retry, RetryPolicy):
        arguments.refuse(retry, "retry", "RetryPolicy")
    backoff = _choice(keywords, "retry_backoff", _BACKOFFS)
    condition = _choice(keywords, "retry_condition", _CONDITIONS)
    if retry is not None:
        if keywords:
            names = ", ".join(f"`{name}`" for name in keywords)
            raise ValueError(f"pass either `retry` or {names}, not both")
        return retry
    values = DEFAULT_VALUES
    return policy_of(
        replace(
            values,
            max_attempts=keywords.get("retry_attempts", values.max_attempts),
            initial_delay=keywords.get("retry_delay_ms", values.initial_delay * 1000) / 1000,
            max_delay=keywords.get("retry_max_delay_ms", values.max_delay * 1000) / 1000,
            backoff=backoff or values.backoff,
            condition=condition or values.condition,
            jitter=keywords.get("retry_jitter", values.jitter),
        )
    )


def _choice(keywords: Dict[str, Any], name: str, choices: Dict[str, Any]) -> Any:
    text = keywords.get(name)
    if text is None:
        return None
    if text in choices:
        return choices[text]
    expected = ", ".join(f'"{choice}"' for choice in choices)
    raise ValueError(f'unknown {name} "{text}": expected one of {expected}')


def _dependency_ids(dependencies: List[Any], namespace: Namespace) -> Tuple[str, ...]:
    """The ids that dependencies stand for, each once, in the order given: that of the context merge."""
    ids: Dict[str, None] = {}
    for index, dependency in enumerate(dependencies):
        if isinstance(dependency, str):
            ids[arguments.text(dependency, "dependencies")] = None
        elif callable(dependency) and hasattr(dependency, "__name__"):
            ids[id_of_function(dependency, namespace)] = None
        else:
            raise ValueError(
                f"Dependency {index} must be either a string or a function object with __name__ attribute, "
                f"got {type(dependency).__name__}"
            )
    return tuple(ids)


def id_of_function(function: Any, namespace: Namespace) -> str:
    """The id under which a function was decorated, if need be beneath other decorators; else its name."""
    layer = function
    while layer is not None:
        found = ledger.task_id_of_function(layer, namespace)
        if found is not None:
            return found
        layer = getattr(layer, "__wrapped__", None)
    name: str = function.__name__
    return name


def takes_handle(function: Callable[..., Any]) -> bool:
    """Whether the second parameter asks for the handle by its name, and can be given by position."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
        if len(parameters) < 2 or parameters[1].name not in ("handle", "task_handle"):
            return False
        # The name may be that of a function beneath a wrapper; the call meets the wrapper.
        inspect.signature(function, follow_wrapped=False).bind(None, None)
        return True
    except (TypeError, ValueError):
        return False
