"""The one registry of a process: every trigger, task and workflow that was declared, whichever thread declared it.

Decorators and builders record here; `_poll` and `_attempt` find functions here; the engine takes from here, as plain
data, what was declared since it last asked. A later declaration of a name replaces the earlier one.
"""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import _bridge
from ._declaration import Namespace, TaskDeclaration, TriggerDeclaration, WorkflowDeclaration
from ._wire import Wire, trigger_wire, workflow_wire

#: The functions of the triggers by name: the one look-up that a poll makes.
trigger_functions: Dict[str, Callable[..., Any]] = {}

_lock = threading.Lock()
_triggers: Dict[str, TriggerDeclaration] = {}
_workflows: Dict[str, WorkflowDeclaration] = {}
#: Every task ever decorated, for builders that pick tasks.
_decorated: Dict[Namespace, Dict[str, TaskDeclaration]] = {}
#: The tasks of each function, by its identity, which stays taken since the tasks hold the function.
_of_function: Dict[int, Dict[Namespace, TaskDeclaration]] = {}
#: By registered key. A task that a later registration left out stays here, for the runs that began before it.
_runnable: Dict[str, Dict[str, TaskDeclaration]] = {}
#: What the engine has not been told yet, in order: kind and name.
_pending: Dict[Tuple[str, str], None] = {}


def record_trigger(trigger: TriggerDeclaration) -> None:
    """Declares a trigger."""
    with _lock:
        _triggers[trigger.name] = trigger
        trigger_functions[trigger.name] = trigger.function
        _mark("trigger", trigger.name)
    _announce()


def record_task(task: TaskDeclaration) -> None:
    """Remembers a decorated task. It runs as part of a recorded workflow only."""
    with _lock:
        _decorated.setdefault(task.namespace, {})[task.id] = task
        tasks = _of_function.setdefault(id(task.function), {})
        tasks.pop(task.namespace, None)
        tasks[task.namespace] = task


def record_workflow(key: str, workflow: WorkflowDeclaration) -> None:
    """Declares a workflow under the key by which it is executed."""
    with _lock:
        _workflows[key] = workflow
        _runnable.setdefault(key, {}).update({task.id: task for task in workflow.tasks})
        _mark("workflow", key)
    _announce()


def find_trigger(name: str) -> Optional[TriggerDeclaration]:
    """The trigger of that name."""
    return _triggers.get(name)


def find_task(workflow_key: str, task_id: str) -> Optional[TaskDeclaration]:
    """The task that runs for an id of a registered workflow."""
    return _runnable.get(workflow_key, {}).get(task_id)


def find_decorated(namespace: Namespace, task_id: str) -> Optional[TaskDeclaration]:
    """The task that was decorated under that full name, in a registered workflow or not."""
    return _decorated.get(namespace, {}).get(task_id)


def task_of_function(function: object, namespace: Namespace) -> Optional[TaskDeclaration]:
    """The task that a function was decorated as: in the given namespace if it was, else the latest anywhere."""
    with _lock:
        tasks = _of_function.get(id(function))
        if not tasks:
            return None
        return tasks.get(namespace) or list(tasks.values())[-1]


def take_pending() -> List[Wire]:
    """What was declared since the last call, in order, as plain data."""
    if not _pending:
        return []
    with _lock:
        taken = list(_pending)
        _pending.clear()
        return [_wire(kind, name) for kind, name in taken]


def all_declarations() -> List[Wire]:
    """Everything declared so far, as plain data."""
    with _lock:
        triggers = [trigger_wire(trigger) for trigger in _triggers.values()]
        return triggers + [workflow_wire(key, workflow) for key, workflow in _workflows.items()]


def _mark(kind: str, name: str) -> None:
    _pending.pop((kind, name), None)
    _pending[kind, name] = None


def _wire(kind: str, name: str) -> Wire:
    return trigger_wire(_triggers[name]) if kind == "trigger" else workflow_wire(name, _workflows[name])


def _announce() -> None:
    if _bridge.has_engine():
        _bridge.announce()
