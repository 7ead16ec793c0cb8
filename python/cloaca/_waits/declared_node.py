"""Parts of all nodes: the declaration of a task without a function, and the limit of a wait."""

from __future__ import annotations

from typing import Callable, Dict, NoReturn, Optional, Tuple, Union

from .. import _rules
from .._declarations import blocks
from .._declarations.declaration import Place, TaskDeclaration
from .._policy import DEFAULT_VALUES, policy_of
from .._sealed import new
from .._task import dependency_ids
from .._types.lists import ListOf
from .._types.rules import TriggerRule
from .._types.waits import OnTimeout, Wait
from .._values import arguments
from .._values.duration import optional_duration_ms
from .node import WaitNode

#: Dependencies of a node: ids, decorated functions, and nodes.
Dependencies = Optional[ListOf[Union[str, Callable[..., object], WaitNode]]]

_ON_TIMEOUT: Dict[str, OnTimeout] = {"fail": "fail", "skip": "skip", "continue": "continue"}


def added_node(
    node_id: str,
    wait: Wait,
    dependencies: Dependencies,
    trigger_rules: Optional[TriggerRule],
    place: Optional[Place],
) -> WaitNode:
    """Adds a node to the workflow whose block is open on this thread."""
    block = blocks.current()
    listed = [] if dependencies is None else arguments.items(dependencies, "dependencies")
    node = new(WaitNode)
    node._id = node_id

    def function(*_given: object) -> NoReturn:
        raise RuntimeError(f"node '{node_id}' waits, and has no function")

    block._collect(
        TaskDeclaration(
            id=node_id,
            namespace=block._namespace,
            dependencies=dependency_ids(listed, block._namespace),
            policy=policy_of(DEFAULT_VALUES),
            timeout_ms=None,
            deadline_ms=None,
            rule=_rules.ALWAYS if trigger_rules is None else _rules.checked(trigger_rules),
            function=function,
            takes_handle=False,
            on_success=None,
            on_failure=None,
            invokes=None,
            post_invocation=None,
            place=place,
            has_own_rule=trigger_rules is not None,
            wait=wait,
        )
    )
    return node


def wait_limit(timeout: Optional[str], on_timeout: Optional[OnTimeout]) -> Tuple[Optional[int], OnTimeout]:
    """Returns the checked timeout in milliseconds, and its effect.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: The timeout is malformed or zero, or ``on_timeout`` is unknown or given without a timeout.
    """
    timeout_ms = optional_duration_ms(timeout, "timeout")
    if timeout_ms == 0:
        raise ValueError(f"Invalid timeout '{timeout}': it must be longer than 0; omit it to wait without a limit")
    given = arguments.optional_text(on_timeout, "on_timeout")
    effect = None if given is None else _ON_TIMEOUT.get(given)
    if given is not None and effect is None:
        expected = ", ".join(f'"{each}"' for each in _ON_TIMEOUT)
        raise ValueError(f'unknown on_timeout "{given}": expected one of {expected}')
    if effect is not None and timeout_ms is None:
        raise ValueError("`on_timeout` requires `timeout`, the time after which it applies")
    return timeout_ms, "fail" if effect is None else effect
