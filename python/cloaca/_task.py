"""The `task` decorator, which makes a function a task of the workflow whose block is open."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any, Callable, Dict, List, Literal, NoReturn, Optional, Tuple, TypeVar, Union, final

from . import _rules
from ._declarations import blocks, ledger
from ._declarations.declaration import GraphDeclaration, LimitDeclaration, Namespace, TaskDeclaration, place_of
from ._graphs.builder import ComputationGraphBuilder, declaration_of_graph
from ._limits.limit import Limit
from ._policy import DEFAULT_VALUES, BackoffStrategy, RetryCondition, RetryPolicy, policy_of
from ._sealed import Unbuildable, new
from ._types.functions import FailureCallback, PostInvocation, SuccessCallback, TaskFunction
from ._types.lists import ListOf
from ._types.rules import TriggerRule
from ._values import arguments
from ._values.duration import optional_expectation_ms, optional_limit_ms
from ._waits.node import WaitNode

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
    """Decorator that `task` returns. It returns the decorated function unchanged."""

    __slots__ = (
        "_id",
        "_dependencies",
        "_policy",
        "_timeout_ms",
        "_deadline_ms",
        "_rule",
        "_has_own_rule",
        "_callbacks",
        "_invokes",
        "_post_invocation",
        "_limits",
    )

    _id: Optional[str]
    _dependencies: List[Any]
    _policy: RetryPolicy
    _timeout_ms: Optional[int]
    _deadline_ms: Optional[int]
    _rule: Dict[str, Any]
    _has_own_rule: bool
    _callbacks: Tuple[Optional[Callable[..., Any]], Optional[Callable[..., Any]]]
    _invokes: Any
    _post_invocation: Any
    _limits: Tuple[LimitDeclaration, ...]

    def __call__(self, func: F) -> F:
        """Adds ``func`` to the workflow whose block is open on this thread."""
        arguments.function(func, "func")
        block = blocks.current()
        graph = self._graph()
        named: Any = func
        task_id: str = arguments.name(named.__name__, "id") if self._id is None else self._id
        block._collect(
            TaskDeclaration(
                id=task_id,
                namespace=block._namespace,
                dependencies=dependency_ids(self._dependencies, block._namespace),
                policy=self._policy,
                timeout_ms=self._timeout_ms,
                deadline_ms=self._deadline_ms,
                rule=self._rule,
                function=func,
                takes_handle=takes_handle(func),
                on_success=self._callbacks[0],
                on_failure=self._callbacks[1],
                invokes=graph,
                post_invocation=self._post_invocation,
                place=place_of(func),
                has_own_rule=self._has_own_rule,
                limits=self._limits,
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
                f"'{declaration.reactor}' fires, and a task can invoke only a graph without a reactor"
            )
        return declaration


@arguments.by_name
def task(
    *,
    id: Optional[str] = None,
    dependencies: Optional[ListOf[Union[str, Callable[..., Any], WaitNode]]] = None,
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
    deadline: Optional[str] = None,
    limits: Optional[ListOf[Limit]] = None,
) -> TaskDecorator:
    """Makes the decorated function a task of the workflow whose `WorkflowBuilder` block is open on this thread.

    The engine calls the function with a `Context`, and also with a `TaskHandle` if the second parameter is named
    ``handle`` or ``task_handle``. The function returns the context that is the task's output. If it returns None, the
    output is the unchanged input. An exception fails the attempt. The engine awaits ``async def`` functions. The input
    of a task without dependencies is the initial context of the run. The input of other tasks is the merge of the
    outputs of their dependencies, in the order of ``dependencies``. The decorator returns the function unchanged. A
    later task with the same id replaces the earlier one.

    Args:
        id: Id of the task within its workflow. Default: the name of the function.
        dependencies: Ids or decorated functions of the tasks that must have ended, successfully or not, before this one
            starts.
        retry: Complete retry policy. It cannot be combined with the ``retry_`` keywords, each of which replaces one
            part of the default policy.
        retry_attempts: Total number of attempts. 1 and 0 both mean a single attempt. Default: 3.
        retry_backoff: "fixed", "linear" or "exponential". Default: "exponential".
        retry_delay_ms: Milliseconds before the second attempt. Default: 1000.
        retry_max_delay_ms: Maximum delay in milliseconds, before jitter. Default: 60000.
        retry_condition: Failures after which the task is retried: "all", "transient" or "never". Default: "all".
        retry_jitter: Whether delays are multiplied by a random factor from 0.75 to 1.25. Default: True.
        on_success: Function that is called as ``on_success(task_id, context)`` after a successful attempt, with the
            output.
        on_failure: Function that is called as ``on_failure(task_id, error, context)`` after every failed attempt,
            including attempts that are retried, but not after attempts that the engine stopped, for example at the time
            limit. The return value or an exception of either callback does not change the
            result of the task.
        invokes: `ComputationGraphBuilder` without a reactor, whose block is closed. Its graph runs after the body, as
            part of the attempt. The first node receives the output of the body. Each terminal node that ran adds its
            value to the output, under the name of the node.
        post_invocation: Function that is called as ``post_invocation(context)`` with the output after that graph. If it
            returns a `Context`, that is the new output. Other return values are ignored. An exception in it or in the
            graph fails the attempt.
        trigger_rules: Condition such as ``task_success("fetch")``. If it is false, the task is skipped. Default:
            `always`, so the task runs even if its dependencies failed.
        timeout: Time limit for one attempt, including the time that it is deferred, such as "90s". The engine stops an
            attempt that takes longer, and the attempt fails. Default: the limit of the engine, which is 5 minutes
            unless configured. The native engine does not have this argument and the following one.
        deadline: Time within which the task must end after it was ready, with all attempts, such as "30m". Later, an
            alert is sent, and the task continues. A task is ready when its dependencies have ended. A task without
            dependencies is ready when its run is accepted. Default: no alert.
        limits: Limits that `limit` returned. Each attempt takes a slot of each of them, and begins only when all have a
            free one. Default: none.

    Raises:
        ValueError: A backoff or condition is unknown, a duration is malformed, ``retry`` is combined with ``retry_``
            keywords, or the rule is not valid. When the function is decorated: no block is open on this thread, a
            dependency is neither text nor a function, ``post_invocation`` is given without ``invokes``, or ``invokes``
            is not a graph, is a graph whose block is still open, or is a graph with a reactor.
        TypeError: An argument has the wrong type.
        OverflowError: A number is negative.

    Example:
        >>> with WorkflowBuilder("greet"):
        ...     @task(retry_attempts=1)
        ...     def hello(ctx):
        ...         ctx.set("line", "hello")
        ...         return ctx
    """
    decorator = new(TaskDecorator)
    decorator._id = arguments.optional_name(id, "id")
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
    decorator._deadline_ms = optional_expectation_ms(deadline, "deadline")
    decorator._has_own_rule = trigger_rules is not None
    decorator._limits = _checked_limits(limits)
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
    """Raises ValueError: this engine has no external, sandboxed providers that could implement a task.

    Args:
        id: Id of the task within its workflow.
        from_: Name of the provider.
        constructor: Name of the provider's constructor.
        config: Settings of the provider.
        grants: Permissions of the provider.
        dependencies: Ids of the tasks that must have ended before this one starts.
        runtime: Runtime of the provider.

    Raises:
        ValueError: No `WorkflowBuilder` block is open on this thread, or, in an open block, this engine has no
            providers.
    """
    for value, name in ((id, "id"), (from_, "from_"), (constructor, "constructor")):
        arguments.text(value, name)
    blocks.current()
    raise ValueError(f"Cannot add '{id}' from provider '{from_}': this engine has no task providers. Use @cloaca.task.")


def _checked_limits(limits: Optional[ListOf[Limit]]) -> Tuple[LimitDeclaration, ...]:
    """Returns the declarations of limits, without duplicates."""
    found: Dict[str, LimitDeclaration] = {}
    for index, each in enumerate([] if limits is None else arguments.items(limits, "limits")):
        if not isinstance(each, Limit):
            arguments.refuse(each, f"limits[{index}]", "Limit")
        found[each.name] = each._declaration
    return tuple(found.values())


def _policy(retry: Optional[RetryPolicy], **given: Any) -> RetryPolicy:
    """Returns the policy of a task: ``retry``, or the default policy with the parts that keywords replace."""
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


def dependency_ids(dependencies: List[Any], namespace: Namespace) -> Tuple[str, ...]:
    """Returns the ids of the dependencies without duplicates, in the given order. Contexts are merged in this order."""
    ids: Dict[str, None] = {}
    for index, dependency in enumerate(dependencies):
        if isinstance(dependency, str):
            ids[arguments.name(dependency, "dependencies")] = None
        elif isinstance(dependency, WaitNode):
            ids[dependency.id] = None
        elif callable(dependency) and hasattr(dependency, "__name__"):
            ids[id_of_function(dependency, namespace)] = None
        else:
            raise ValueError(
                f"Dependency {index} must be either a string or a function object with __name__ attribute, "
                f"got {type(dependency).__name__}"
            )
    return tuple(ids)


def id_of_function(function: Any, namespace: Namespace) -> str:
    """Returns the id under which a function or a function that it wraps was decorated, or else the function's name."""
    layer = function
    while layer is not None:
        found = ledger.task_id_of_function(layer, namespace)
        if found is not None:
            return found
        layer = getattr(layer, "__wrapped__", None)
    name: str = function.__name__
    return name


def takes_handle(function: Callable[..., Any]) -> bool:
    """Returns whether the second parameter has the name of the handle and can be passed by position."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
        if len(parameters) < 2 or parameters[1].name not in ("handle", "task_handle"):
            return False
        # The name can be a parameter of a wrapped function, but the engine calls the wrapper.
        inspect.signature(function, follow_wrapped=False).bind(None, None)
        return True
    except (TypeError, ValueError):
        return False
