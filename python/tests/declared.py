"""Messages that declare the triggers and workflows of a test to the engine."""

from __future__ import annotations

from typing import Any, Dict, Optional

from cloaca._declarations import ledger
from cloaca._declarations.wire import trigger_wire, workflow_wire


def trigger_as_data(name: str) -> Dict[str, Any]:
    """Returns the message that declares the trigger with this name."""
    generation = ledger.current()
    return trigger_wire(generation.triggers[name], generation.poll_numbers[name])


def workflow_as_data(key: str) -> Optional[Dict[str, Any]]:
    """Returns the message that declares the workflow with this key, or None if no workflow has it."""
    workflow = ledger.current().workflows.get(key)
    return None if workflow is None else workflow_wire(key, workflow)
