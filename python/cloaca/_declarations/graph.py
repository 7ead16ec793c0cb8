"""Properties of a set of tasks: its errors, order, levels and version. All functions are pure.

Tasks are a dict by id, and dependencies are ids. Only `problem_of` accepts a set that may be invalid.
"""

from __future__ import annotations

import hashlib
import json
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from .._values.limit_arguments import WorkflowLimit
from .declaration import Namespace, TaskDeclaration, full_name

Tasks = Mapping[str, TaskDeclaration]


def problem_of(tasks: Tasks, namespace: Namespace) -> Optional[str]:
    """Returns why the set is not a valid workflow, or None."""
    if not tasks:
        return "Workflow cannot be empty"
    for task in tasks.values():
        for dependency in task.dependencies:
            if dependency not in tasks:
                missing = full_name(namespace, dependency)
                sentence = f"Missing dependency: task '{task.full_name}' depends on '{missing}' which is not registered"
                return sentence + did_you_mean(dependency, [other for other in tasks if other != task.id])
    cycle = _cycle_in(tasks)
    if cycle:
        names = json.dumps([full_name(namespace, task_id) for task_id in cycle], ensure_ascii=False)
        place = tasks[cycle[0]].place
        where = "" if place is None else f", where '{cycle[0]}' is declared in line {place.line}"
        return f"Circular dependency detected: {names}. The dependencies are {' → '.join(cycle)}{where}"
    return None


def did_you_mean(name: str, known: List[str]) -> str:
    """Returns the nearest known name as a further sentence, or nothing if none is close."""
    import difflib

    nearest = difflib.get_close_matches(name, known, 1)
    return f". Did you mean '{nearest[0]}'?" if nearest else ""


def levels_of(tasks: Tasks) -> List[List[str]]:
    """Returns ids by level. A level depends only on earlier levels, and keeps the order of declaration."""
    waiting = {task_id: set(task.dependencies) for task_id, task in tasks.items()}
    dependents = _dependents_in(tasks)
    position = {task_id: index for index, task_id in enumerate(tasks)}
    level = [task_id for task_id, dependencies in waiting.items() if not dependencies]
    levels = []
    while level:
        levels.append(level)
        ready = []
        for task_id in level:
            for dependent in dependents[task_id]:
                waiting[dependent].discard(task_id)
                if not waiting[dependent]:
                    ready.append(dependent)
        level = sorted(ready, key=position.__getitem__)
    return levels


def roots_of(tasks: Tasks) -> List[str]:
    """Returns the ids of the tasks without dependencies."""
    return [task_id for task_id, task in tasks.items() if not task.dependencies]


def leaves_of(tasks: Tasks) -> List[str]:
    """Returns the ids of the tasks on which no other task depends."""
    return [task_id for task_id, dependents in _dependents_in(tasks).items() if not dependents]


def version_of(
    title: str,
    namespace: Namespace,
    description: str,
    tags: Mapping[str, str],
    tasks: Sequence[TaskDeclaration],
    limit: Optional[WorkflowLimit] = None,
) -> str:
    """Returns the fingerprint of a workflow: 16 hexadecimal digits, equal for equal definitions in every process."""
    tasks_by_id = sorted((task.id, task.dependencies) for task in tasks)
    definition: Tuple[object, ...] = (title, namespace, description, sorted(tags.items()), tasks_by_id)
    limits_by_id = sorted((task.id, [each.name for each in task.limits]) for task in tasks if task.limits)
    # Without limits, the version has no such part, so that it is the version of older code.
    if limit is not None or limits_by_id:
        definition = (*definition, limit, limits_by_id)
    text = json.dumps(definition, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _dependents_in(tasks: Tasks) -> Dict[str, List[str]]:
    dependents: Dict[str, List[str]] = {task_id: [] for task_id in tasks}
    for task_id, task in tasks.items():
        for dependency in task.dependencies:
            dependents[dependency].append(task_id)
    return dependents


def _cycle_in(tasks: Tasks) -> List[str]:
    """Returns one cycle, with its first id repeated at the end, or no ids if there is no cycle.

    It follows dependencies without recursion, since chains can be longer than Python's stack. ``path`` has the ids of
    the current path, and ``done`` those from which no cycle can be reached.
    """
    done = set()
    for start in tasks:
        path = {start: iter(tasks[start].dependencies)} if start not in done else {}
        while path:
            current = next(reversed(path))
            following = next(path[current], None)
            if following is None:
                done.add(current)
                del path[current]
            elif following in path:
                ids = list(path)
                return [*ids[ids.index(following) :], following]
            elif following not in done:
                path[following] = iter(tasks[following].dependencies)
    return []
