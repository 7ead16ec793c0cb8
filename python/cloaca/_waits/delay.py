"""`delay`, which adds a node that waits to the workflow whose block is open."""

from __future__ import annotations

from typing import Callable, Optional, Union

from .._declarations.declaration import place_of_caller
from .._types.lists import ListOf
from .._types.rules import TriggerRule
from .._types.waits import DelayWait
from .._values import arguments
from .._values.daily_time import daily_time
from .._values.duration import optional_duration_ms
from .declared_node import added_node
from .node import WaitNode


@arguments.by_name
def delay(
    id: str,
    duration: Optional[str] = None,
    *,
    until: Optional[str] = None,
    timezone: Optional[str] = None,
    dependencies: Optional[ListOf[Union[str, Callable[..., object], WaitNode]]] = None,
    trigger_rules: Optional[TriggerRule] = None,
) -> WaitNode:
    """Adds a node that completes after a time. Its output is its input.

    While only delays are open, the execution uses no memory and no slot, even across restarts. The native engine does
    not have this function.

    Args:
        id: Id of the node within its workflow.
        duration: Time after the node opened, such as "24h". Either it or ``until`` is required.
        until: Time of day such as "03:30". The delay ends the next time that the clock of the zone shows it.
        timezone: IANA name of the time zone of ``until``. Default: "UTC".
        dependencies: Ids or decorated functions of the tasks, or nodes, that must have ended before the delay starts.
        trigger_rules: Condition such as ``task_success("fetch")``. If it is false, the node is skipped. Default: it
            waits, unless a waiting node before it did not complete.

    Raises:
        ValueError: No block is open on this thread, ``duration`` and ``until`` are both given or both missing, or one
            of the values is malformed.
        TypeError: An argument has the wrong type.

    Example:
        >>> with WorkflowBuilder("refund"):
        ...     cool = delay("cool_down", "24h")
    """
    if (duration is None) == (until is None):
        raise ValueError("pass either a duration or `until`")
    after_ms = optional_duration_ms(duration, "duration")
    if after_ms == 0:
        raise ValueError(f"Invalid duration '{duration}': it must be longer than 0; omit the node to wait for no time")
    if after_ms is not None and timezone is not None:
        raise ValueError("`timezone` requires `until`, the time of day that it applies to")
    if after_ms is not None:
        wait: DelayWait = {"kind": "delay", "end": {"kind": "after", "ms": after_ms}}
    else:
        time, zone = daily_time(until, "until", timezone)
        wait = {"kind": "delay", "end": {"kind": "until", "time": {"time": time, "timezone": zone}}}
    return added_node(arguments.name(id, "id"), wait, dependencies, trigger_rules, place_of_caller())
