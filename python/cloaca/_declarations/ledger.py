"""Declarations by generation. A declaration belongs to the script that is running when it is made.

Decorators and builders record declarations here. `_engine.poll` and `_engine.attempt` find functions here. The engine
takes the declarations since its last request, as plain data. A later declaration of a name replaces the earlier one of
the same generation.
"""

from __future__ import annotations

import itertools
import threading
from typing import Any, Dict, List, Optional, Tuple

from .._border import bridge, stacks
from .._border.generation import Generation, TaskIds, generations, polled
from .declaration import (
    GraphDeclaration,
    LimitDeclaration,
    Namespace,
    Place,
    ReactorDeclaration,
    SourceDeclaration,
    TaskDeclaration,
    TriggerDeclaration,
    WorkflowDeclaration,
)
from .graph_wire import graph_wire, reactor_wire, source_wire
from .wire import Wire, limit_wire, trigger_wire, workflow_wire

_lock = threading.Lock()
_poll_numbers = itertools.count(1)
#: Maximum number of repeated declarations that are reported. A program may repeat one name very often.
_MAX_TWINS = 100


def current() -> Generation:
    """Returns the generation of the running script."""
    return stacks.current().generation


def record_trigger(trigger: TriggerDeclaration) -> None:
    """Records a trigger."""
    generation = current()
    with _lock:
        earlier = generation.triggers.get(trigger.name)
        if earlier is not None:
            _note_twin(generation, "trigger", trigger.name, earlier.place, trigger.place)
        generation.triggers[trigger.name] = trigger
        number = generation.poll_numbers.get(trigger.name)
        if number is None:
            number = generation.poll_numbers[trigger.name] = next(_poll_numbers)
        polled[number] = (
            trigger.name,
            trigger.function,
            generation,
            trigger.parameters.state,
            trigger.policy.on_change,
        )
        _mark(generation, "trigger", trigger.name)
    _announce()


def record_limit(limit: LimitDeclaration) -> LimitDeclaration:
    """Records a limit, and returns the first declaration of its name.

    Raises:
        ValueError: The generation has a limit with this name and other values.
    """
    generation = current()
    with _lock:
        recorded = _record_limit(generation, limit)
    _announce()
    return recorded


def _record_limit(generation: Generation, limit: LimitDeclaration) -> LimitDeclaration:
    earlier = generation.limits.get(limit.name)
    if earlier is None:
        generation.limits[limit.name] = limit
        _mark(generation, "limit", limit.name)
        return limit
    if earlier.values != limit.values:
        raise ValueError(
            f"limit '{limit.name}' is declared with different values at {_place_text(earlier.place)} and at "
            f"{_place_text(limit.place)}: declare it once and import it, or rename one of the two"
        )
    return earlier


def _place_text(place: Optional[Place]) -> str:
    return "an unknown place" if place is None else f"{place.file}:{place.line}"


def record_task(task: TaskDeclaration) -> None:
    """Records a decorated task. It runs only as part of a recorded workflow."""
    generation = current()
    with _lock:
        generation.decorated.setdefault(task.namespace, {})[task.id] = task
        ids = generation.of_function.get(id(task.function))
        if ids is None:
            ids = generation.of_function[id(task.function)] = TaskIds(task.function, generation.of_function)
        ids.of_namespace.pop(task.namespace, None)
        ids.of_namespace[task.namespace] = task.id


def record_workflow(key: str, workflow: WorkflowDeclaration) -> None:
    """Records a workflow under the key by which it is executed, with the limits of its tasks.

    Raises:
        ValueError: The generation has a limit with the same name as one of these, and other values.
    """
    generation = current()
    with _lock:
        # Another generation may have declared them, in a module that both import.
        for task in workflow.tasks:
            for limit in task.limits:
                _record_limit(generation, limit)
        earlier = generation.workflows.get(key)
        if earlier is not None:
            _note_twin(generation, "workflow", key, earlier.place, workflow.place)
        generation.workflows[key] = workflow
        generation.runnable.setdefault(key, {}).update({task.id: task for task in workflow.tasks})
        _mark(generation, "workflow", key)
    _announce()


def record_source(source: SourceDeclaration) -> None:
    """Records a source."""
    _record("source", current().sources, source)


def record_reactor(reactor: ReactorDeclaration) -> None:
    """Records a reactor."""
    _record("reactor", current().reactors, reactor)


def record_graph(graph: GraphDeclaration) -> None:
    """Records a graph."""
    _record("graph", current().graphs, graph)


def _record(kind: str, declared: Dict[str, Any], declaration: Any) -> None:
    generation, name = current(), declaration.name
    with _lock:
        earlier = declared.get(name)
        if earlier is not None:
            _note_twin(generation, kind, name, earlier.place, declaration.place)
        declared[name] = declaration
        _mark(generation, kind, name)
    _announce()


def note_task_twin(earlier: TaskDeclaration, task: TaskDeclaration) -> None:
    """Records that a block has two tasks with the same name."""
    with _lock:
        _note_twin(current(), "task", task.full_name, earlier.place, task.place)


def find_trigger(name: str) -> Optional[TriggerDeclaration]:
    """Returns the trigger with this name, or None."""
    return current().triggers.get(name)


def find_task(workflow_key: str, task_id: str) -> Optional[TaskDeclaration]:
    """Returns the task that runs for an id of a registered workflow, or None."""
    return current().runnable.get(workflow_key, {}).get(task_id)


def find_decorated(namespace: Namespace, task_id: str) -> Optional[TaskDeclaration]:
    """Returns the task that was decorated under this full name, or None. Its workflow may not be registered."""
    return current().decorated.get(namespace, {}).get(task_id)


def ids_decorated_in(namespace: Namespace) -> List[str]:
    """Returns the ids of all tasks that were decorated under a namespace."""
    return list(current().decorated.get(namespace, {}))


def task_id_of_function(function: object, namespace: Namespace) -> Optional[str]:
    """Returns the id under which a function was decorated in the namespace, or else its latest id anywhere, or None."""
    generation = current()
    with _lock:
        ids = generation.of_function.get(id(function))
        if ids is None:
            return None
        return ids.of_namespace.get(namespace) or list(ids.of_namespace.values())[-1]


def has_pending() -> bool:
    """Returns whether there are declarations since the last call of `take_pending`."""
    return any(each.pending for each in list(generations.values()))


def take_pending() -> List[Tuple[int, List[Wire]]]:
    """Takes the declarations since the last call, as data: number and ordered declarations of each generation."""
    taken = [(each.number, take_pending_of(each)) for each in list(generations.values()) if each.pending]
    return [(number, wires) for number, wires in taken if wires]


def take_pending_of(generation: Generation) -> List[Wire]:
    """Takes the declarations of one generation since the last call, in order, as data."""
    with _lock:
        taken = list(generation.pending)
        generation.pending.clear()
        return [_wire(generation, kind, name) for kind, name in taken]


def expect_another_engine() -> None:
    """Marks all declarations as pending, for another engine that does not know them."""
    with _lock:
        for generation in generations.values():
            for kind, declared in _declared(generation):
                for name in declared:
                    generation.pending.setdefault((kind, name))


def after_fork() -> None:
    """Replaces the lock in a forked child, where no thread may be left to release it."""
    global _lock
    _lock = threading.Lock()


def _declared(generation: Generation) -> List[Tuple[str, Dict[str, Any]]]:
    """Returns declarations by kind, in an order in which each comes after the declarations that it names."""
    return [
        ("source", dict(generation.sources)),
        ("reactor", dict(generation.reactors)),
        ("graph", dict(generation.graphs)),
        ("limit", dict(generation.limits)),
        ("workflow", dict(generation.workflows)),
        ("trigger", dict(generation.triggers)),
    ]


def _note_twin(generation: Generation, kind: str, name: str, earlier: Optional[Place], later: Optional[Place]) -> None:
    # Ignores repetitions of one place: a module that is imported again, or a decorator in a loop.
    if earlier is None or later is None or earlier == later or len(generation.twins) >= _MAX_TWINS:
        return
    generation.twins.append(
        {
            "kind": kind,
            "name": name,
            "earlier": {"file": earlier.file, "line": earlier.line},
            "place": {"file": later.file, "line": later.line},
        }
    )


def _mark(generation: Generation, kind: str, name: str) -> None:
    generation.pending.pop((kind, name), None)
    generation.pending[kind, name] = None


def _wire(generation: Generation, kind: str, name: str) -> Wire:
    if kind == "trigger":
        return trigger_wire(generation.triggers[name], generation.poll_numbers[name])
    if kind == "limit":
        return limit_wire(generation.limits[name])
    if kind == "source":
        return source_wire(generation.sources[name])
    if kind == "reactor":
        return reactor_wire(generation.reactors[name])
    if kind == "graph":
        return graph_wire(generation.graphs[name])
    return workflow_wire(name, generation.workflows[name])


def _announce() -> None:
    if bridge.has_engine():
        bridge.announce()
