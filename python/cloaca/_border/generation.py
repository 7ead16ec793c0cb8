"""Everything that one loading of a script declared. A script that is loaded anew gets a new generation.

Each stack belongs to a generation (``stacks``): the one that is being loaded on it, or whose trigger or task it runs.
A thread belongs to that of the stack that started it. So what is declared in the middle of an import that waits, in a
poll or in a thread is the script's that declares it. A program, and a process without the engine, has one, `PROGRAM`.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple

if TYPE_CHECKING:
    from .._declarations.declaration import (
        GraphDeclaration,
        Namespace,
        ReactorDeclaration,
        SourceDeclaration,
        TaskDeclaration,
        TriggerDeclaration,
        WorkflowDeclaration,
    )

PROGRAM_NUMBER = 0


class TaskIds:
    """The ids under which one function was decorated. ``holds``: the function, weakly where that is possible."""

    __slots__ = ("holds", "of_namespace")

    holds: object
    of_namespace: Dict[Namespace, str]

    def __init__(self, function: object, of_function: Dict[int, TaskIds]) -> None:
        self.of_namespace = {}
        key = id(function)

        def forget(reference: object) -> None:
            # No lock: garbage is collected at any moment, under the lock too. The identity may be another's by now.
            if key in of_function and of_function[key].holds is reference:
                del of_function[key]

        try:
            self.holds = weakref.ref(function, forget)
        except TypeError:
            self.holds = function


class Generation:
    """What one loading declared. Changed by `_declarations.ledger` alone."""

    __slots__ = (
        "number",
        "module",
        "imported",
        "triggers",
        "poll_numbers",
        "workflows",
        "sources",
        "reactors",
        "graphs",
        "decorated",
        "of_function",
        "runnable",
        "pending",
        "twins",
    )

    def __init__(self, number: int) -> None:
        self.number = number
        #: The module that was loaded, once there is one.
        self.module: Any = None
        #: The names of the modules that were first imported on one of its stacks while it was loaded, in order.
        self.imported: List[str] = []
        self.triggers: Dict[str, TriggerDeclaration] = {}
        #: The number by which a trigger is polled.
        self.poll_numbers: Dict[str, int] = {}
        self.workflows: Dict[str, WorkflowDeclaration] = {}
        self.sources: Dict[str, SourceDeclaration] = {}
        self.reactors: Dict[str, ReactorDeclaration] = {}
        self.graphs: Dict[str, GraphDeclaration] = {}
        #: Every task decorated, for builders that pick tasks.
        self.decorated: Dict[Namespace, Dict[str, TaskDeclaration]] = {}
        #: The task ids of each function that lives, by its identity.
        self.of_function: Dict[int, TaskIds] = {}
        #: By registered key. A task that a later registration left out stays here, for the runs that began before it.
        self.runnable: Dict[str, Dict[str, TaskDeclaration]] = {}
        #: What the engine has not been sent yet, in order: kind and name.
        self.pending: Dict[Tuple[str, str], None] = {}
        #: Names that were declared again elsewhere in the script, as data: the first ones.
        self.twins: List[Dict[str, Any]] = []


PROGRAM = Generation(PROGRAM_NUMBER)

#: All that are in use, by number.
generations: Dict[int, Generation] = {PROGRAM_NUMBER: PROGRAM}

#: By the number by which a trigger is polled: its name, its function and whose it is.
polled: Dict[int, Tuple[str, Callable[..., Any], Generation]] = {}


def begin(number: int) -> Generation:
    """A new generation, in use from now on."""
    generation = generations[number] = Generation(number)
    return generation


def drop(number: int) -> Optional[Generation]:
    """Forgets a generation: nothing of it is polled or run any more."""
    generation = generations.pop(number, None)
    if generation is not None:
        for poll_number in generation.poll_numbers.values():
            polled.pop(poll_number, None)
    return generation
