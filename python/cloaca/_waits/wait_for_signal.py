"""`wait_for_signal`, which adds a node that waits for an event of another system."""

from __future__ import annotations

from typing import Callable, Literal, Optional, Union

from .._declarations.declaration import place_of_caller
from .._types.lists import ListOf
from .._types.rules import TriggerRule
from .._types.waits import SignalWait
from .._values import arguments
from .._values.key_template import key_template
from .declared_node import added_node, wait_limit
from .node import WaitNode


@arguments.by_name
def wait_for_signal(
    id: str,
    *,
    signal: str,
    key: Optional[str] = None,
    timeout: Optional[str] = None,
    on_timeout: Optional[Literal["fail", "skip", "continue"]] = None,
    dependencies: Optional[ListOf[Union[str, Callable[..., object], WaitNode]]] = None,
    trigger_rules: Optional[TriggerRule] = None,
) -> WaitNode:
    """Adds a node that completes when a signal arrives. Its output is its input, plus the payload under its id.

    While only such nodes are open, the execution uses no memory and no slot, even across restarts. A signal that was
    sent before the node opened is kept, by default for 7 days. The native engine does not have this function.

    Args:
        id: Id of the node within its workflow, and key of the payload in its output.
        signal: Name of the signal, as in ``runner.signal(…)`` and ``cloaca signal send``.
        key: Text with ``{name}`` for top-level values of the node's input, such as "{order_id}". ``{{`` and ``}}`` are
            braces. The signal must have the same key, of at most 512 bytes of UTF-8. A value that is missing, null, a
            list or an object fails the node. Default: empty.
        timeout: Time after the node opened, such as "3d". Default: no limit.
        on_timeout: Effect of the timeout: "fail" fails the node, "skip" skips it, and "continue" completes it with None
            as the payload. Default: "fail".
        dependencies: Ids or decorated functions of the tasks, or nodes, that must have ended before the wait starts.
        trigger_rules: Condition such as ``task_success("fetch")``. If it is false, the node is skipped. Default: it
            waits, unless a waiting node before it did not complete.

    Raises:
        ValueError: No block is open on this thread, or one of the values is malformed.
        TypeError: An argument has the wrong type.

    Example:
        >>> with WorkflowBuilder("refund"):
        ...     decided = wait_for_signal("decided", signal="refund-decision", key="{order_id}", timeout="3d")
    """
    name = arguments.name(signal, "signal")
    size = len(name.encode())
    if not 1 <= size <= arguments.MAX_KEY_BYTES:
        limit_text = f"1 to {arguments.MAX_KEY_BYTES} bytes of UTF-8"
        raise ValueError(f"argument 'signal': the name of a signal has {limit_text}, got {size} bytes")
    timeout_ms, effect = wait_limit(timeout, on_timeout)
    wait: SignalWait = {
        "kind": "signal",
        "signal": name,
        "key": "" if key is None else key_template(key, "key"),
        "timeoutMs": timeout_ms,
        "onTimeout": effect,
    }
    return added_node(arguments.name(id, "id"), wait, dependencies, trigger_rules, place_of_caller())
