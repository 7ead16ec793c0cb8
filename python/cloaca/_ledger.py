"""The one registry of a process: every trigger, task and workflow that was declared, whichever thread declared it.

Decorators and builders record here; `_poll` and `_attempt` find functions here; the engine takes from here, as plain
data, what was declared since it last asked. A later declaration of a name replaces the earlier one.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import _bridge
from ._declaration import Namespace, TaskDeclaration, TriggerDeclaration, WorkflowDeclaration
from ._wire import Wire, trigger_wire, workflow_wire

#: The functions of the triggers by name: the one look-up that a poll makes.
trigger_functions: Dict[str, Callable[..., Any]] = {}


class _TaskIds:
    """The ids under which one function was decorated. ``holds``: the function, weakly where that is possible."""

    __slots__ = ("holds", "of_namespace")

    holds: object
    of_namespace: Dict[Namespace, str]

    def __init__(self, function: object) -> None:
        self.of_namespace = {}
        key = id(function)

        def forget(reference: object) -> None:
            # No lock: garbage is collected at any moment, under the lock too. The identity may be another's by now.
            if key in _of_function and _of_function[key].holds is reference:
                del _of_function[key]

        try:
            self.holds = weakref.ref(function, forget)
        except TypeError:
            self.holds = function


_lock = threading.Lock()
_triggers: Dict[str, TriggerDeclaration] = {}
_workflows: Dict[str, WorkflowDeclaration] = {}
#: Every task ever decorated, for builders that pick tasks.
_decorated: Dict[Namespace, Dict[str, TaskDeclaration]] = {}
#: The task ids of each function that lives, by its identity: a file that is loaded again decorates others.
_of_function: Dict[int, _TaskIds] = {}
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
        ids = _of_function.get(id(task.function))
        if ids is None:
            ids = _of_function[id(task.function)] = _TaskIds(task.function)
        ids.of_namespace.pop(task.namespace, None)
        ids.of_namespace[task.namespace] = task.id


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


def task_id_of_function(function: object, namespace: Namespace) -> Optional[str]:
    """The id that a function was decorated under: in the given namespace if it was, else the latest anywhere."""
    with _lock:
        ids = _of_function.get(id(function))
        if ids is None:
            return None
        return ids.of_namespace.get(namespace) or list(ids.of_namespace.values())[-1]


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
