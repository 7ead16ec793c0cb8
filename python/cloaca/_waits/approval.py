"""`approval`, which adds a node that waits for the decision of a person."""

from __future__ import annotations

from typing import Callable, Dict, Literal, Mapping, Optional, Union

from .._declarations.declaration import place_of_caller
from .._types.lists import ListOf
from .._types.rules import TriggerRule
from .._types.waits import ApprovalWait
from .._values import arguments
from .._values.convert import stored
from .._values.key_template import template
from .declared_node import added_node, wait_limit
from .node import WaitNode


@arguments.by_name
def approval(
    id: str,
    *,
    title: str,
    form: Optional[Mapping[str, object]] = None,
    timeout: Optional[str] = None,
    on_timeout: Optional[Literal["fail", "skip", "continue"]] = None,
    dependencies: Optional[ListOf[Union[str, Callable[..., object], WaitNode]]] = None,
    trigger_rules: Optional[TriggerRule] = None,
) -> WaitNode:
    """Adds a node that completes when a person approves. A rejection fails it.

    Its output is its input, plus the answer under its id: a dict with ``approved``, ``values``, ``by``, ``at`` and
    ``note``. While only such nodes are open, the execution uses no memory and no slot, even across restarts. The native
    engine does not have this function.

    Args:
        id: Id of the node within its workflow, and key of the answer in its output.
        title: Question for the person, with ``{name}`` for top-level values of the node's input, such as
            "Refund {order_id}?". ``{{`` and ``}}`` are braces. A missing value is shown as ``{name}``.
        form: JSON Schema of an object: the values that the person enters. Default: none.
        timeout: Time after the node opened, such as "3d". Default: no limit.
        on_timeout: Effect of the timeout: "fail" fails the node, "skip" skips it, and "continue" completes it with None
            as the answer. Default: "fail".
        dependencies: Ids or decorated functions of the tasks, or nodes, that must have ended before the approval opens.
        trigger_rules: Condition such as ``task_success("fetch")``. If it is false, the node is skipped. Default: it
            waits, unless a waiting node before it did not complete.

    Raises:
        ValueError: No block is open on this thread, or one of the values is malformed.
        TypeError: An argument has the wrong type, or ``form`` has a value that is not JSON.

    Example:
        >>> amount = {"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]}
        >>> with WorkflowBuilder("refund"):
        ...     ok = approval("ok", title="Refund {order_id}?", form=amount, timeout="3d")
    """
    question = template(title, "title")
    if question.strip() == "":
        raise ValueError("argument 'title': the title of an approval cannot be empty")
    timeout_ms, effect = wait_limit(timeout, on_timeout)
    wait: ApprovalWait = {
        "kind": "approval",
        "title": question,
        "form": None if form is None else _checked_form(form),
        "timeoutMs": timeout_ms,
        "onTimeout": effect,
    }
    return added_node(arguments.name(id, "id"), wait, dependencies, trigger_rules, place_of_caller())


def _checked_form(form: object) -> Dict[str, object]:
    """Returns a copy of a JSON Schema that describes an object."""
    if not isinstance(form, Mapping):
        arguments.refuse(form, "form", "dict")
    schema: Dict[str, object] = stored(dict(form))
    if schema.get("type") != "object":
        raise ValueError(f'form must be a JSON Schema of an object: its "type" must be "object", {_given(schema)}')
    properties = schema.get("properties", {})
    if not isinstance(properties, dict) or not all(isinstance(each, dict) for each in properties.values()):
        raise ValueError('form must be a JSON Schema of an object: its "properties" must be a dict of schemas by name')
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(each, str) for each in required):
        raise ValueError('form must be a JSON Schema of an object: its "required" must be a list of names')
    return schema


def _given(schema: Dict[str, object]) -> str:
    return f"got {schema['type']!r}" if "type" in schema else "but it has none"
