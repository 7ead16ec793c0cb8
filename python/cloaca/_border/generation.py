"""Declarations of one load of a script. A script that is loaded again gets a new generation.

Each stack belongs to a generation (``stacks``): the one that is being loaded on it, or the one whose trigger or task it
runs. A thread belongs to the generation of the stack that started it. A declaration therefore belongs to the script
that makes it, even during an import that waits, in a poll or in a thread. A program, and a process without the engine,
has a single generation, `PROGRAM`.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple

if TYPE_CHECKING:
    from .._declarations.declaration import (
        GraphDeclaration,
        LimitDeclaration,
        Namespace,
        ReactorDeclaration,
        SourceDeclaration,
        TaskDeclaration,
        TriggerDeclaration,
        WorkflowDeclaration,
    )

PROGRAM_NUMBER = 0


class TaskIds:
    """Ids under which one function was decorated. ``holds`` is the function, as a weak reference if possible."""

    __slots__ = ("holds", "of_namespace")

    holds: object
    of_namespace: Dict[Namespace, str]

    def __init__(self, function: object, of_function: Dict[int, TaskIds]) -> None:
        self.of_namespace = {}
        key = id(function)

        def forget(reference: object) -> None:
            # No lock, because garbage can be collected while this thread has it. The identity may have been reused.
            if key in of_function and of_function[key].holds is reference:
                del of_function[key]

        try:
            self.holds = weakref.ref(function, forget)
        except TypeError:
            self.holds = function


class Generation:
    """Declarations of one load. Only `_declarations.ledger` changes it."""

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
        "limits",
        "decorated",
        "of_function",
        "runnable",
        "pending",
        "twins",
    )

    def __init__(self, number: int) -> None:
        self.number = number
        #: Loaded module, or None before it is loaded.
        self.module: Any = None
        #: Names of modules that were first imported on one of its stacks during the load, in order.
        self.imported: List[str] = []
        self.triggers: Dict[str, TriggerDeclaration] = {}
        #: Numbers by which triggers are polled.
        self.poll_numbers: Dict[str, int] = {}
        self.workflows: Dict[str, WorkflowDeclaration] = {}
        self.sources: Dict[str, SourceDeclaration] = {}
        self.reactors: Dict[str, ReactorDeclaration] = {}
        self.graphs: Dict[str, GraphDeclaration] = {}
        self.limits: Dict[str, LimitDeclaration] = {}
        #: All decorated tasks, for builders that add tasks.
        self.decorated: Dict[Namespace, Dict[str, TaskDeclaration]] = {}
        #: Task ids of each living function, by its identity.
        self.of_function: Dict[int, TaskIds] = {}
        #: Tasks by registered key. A task that a later registration left out stays here for runs that started earlier.
        self.runnable: Dict[str, Dict[str, TaskDeclaration]] = {}
        #: Kind and name of the declarations that have not been sent to the engine, in order.
        self.pending: Dict[Tuple[str, str], None] = {}
        #: First declarations of names that were declared again elsewhere in the script, as data.
        self.twins: List[Dict[str, Any]] = []


PROGRAM = Generation(PROGRAM_NUMBER)

#: All generations in use, by number.
generations: Dict[int, Generation] = {PROGRAM_NUMBER: PROGRAM}

#: Name, function and generation of each trigger, how it takes its state, and whether it has `on_change`, by the number
#: by which it is polled.
polled: Dict[int, Tuple[str, Callable[..., Any], Generation, str, bool]] = {}


def begin(number: int) -> Generation:
    """Starts a new generation."""
    generation = generations[number] = Generation(number)
    return generation


def drop(number: int) -> Optional[Generation]:
    """Deletes a generation. Its triggers are no longer polled, and its tasks no longer run."""
    generation = generations.pop(number, None)
    if generation is not None:
        for poll_number in generation.poll_numbers.values():
            polled.pop(poll_number, None)
    return generation
