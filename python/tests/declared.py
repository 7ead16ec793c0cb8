"""What the engine is told of a trigger or a workflow that a test declared."""

from __future__ import annotations

from typing import Any, Dict, Optional

from cloaca._declarations import ledger
from cloaca._declarations.wire import trigger_wire, workflow_wire


def trigger_as_data(name: str) -> Dict[str, Any]:
    """The trigger of that name."""
    generation = ledger.current()
    return trigger_wire(generation.triggers[name], generation.poll_numbers[name])


def workflow_as_data(key: str) -> Optional[Dict[str, Any]]:
    """The workflow registered under that key; None when there is none."""
    workflow = ledger.current().workflows.get(key)
    return None if workflow is None else workflow_wire(key, workflow)
